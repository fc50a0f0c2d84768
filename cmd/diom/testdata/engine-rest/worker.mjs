// A worker made with the unmodified client: it does the jobs of the topic charge as the variable mode of each
// says, and prints what the client reports, a line each.
import { BasicAuthInterceptor, Client, Variables } from "camunda-external-task-client-js";

const say = (...words) => console.log(words.join(" "));
const client = new Client({
  baseUrl: process.env.ENGINE_REST,
  workerId: "node",
  maxTasks: 1,
  asyncResponseTimeout: 5000,
  interval: 50,
  interceptors: new BasicAuthInterceptor({ username: process.env.USERNAME, password: process.env.PASSWORD }),
});

for (const event of ["complete", "handleFailure", "handleBpmnError", "extendLock", "unlock"]) {
  client.on(`${event}:success`, (task) => say(event, task.businessKey));
  client.on(`${event}:error`, (task, error) => say(`${event}-error`, task.businessKey, error));
}
client.on("poll:error", (error) => say("poll-error", error));

client.subscribe("charge", { lockDuration: 10000, processDefinitionKey: "order" }, async ({ task, taskService }) => {
  const mode = task.variables.get("mode");
  say("got", task.businessKey, mode, task.retries, task.variables.getTyped("total").type, task.variables.get("when").getUTCFullYear());
  if (mode === "fail" && task.retries === null) {
    await taskService.handleFailure(task, { errorMessage: "down", errorDetails: "no answer", retries: 1, retryTimeout: 100 });
    return;
  }
  if (mode === "error") {
    await taskService.handleBpmnError(task, "NO_MONEY", "empty", new Variables().set("short", true));
    return;
  }
  if (mode === "extend") {
    await taskService.extendLock(task, 60000);
  }
  const variables = new Variables().set("receipt", "R-1").setTyped("cents", { type: "long", value: 1200 }).set("parts", { a: [1, 2] }).set("at", new Date(0));
  await taskService.complete(task, variables, new Variables().set("own", 1));
});
say("ready");
