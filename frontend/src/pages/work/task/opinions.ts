import { computed, reactive, type Ref } from 'vue'

const written = reactive(new Map<string, string>())

/** What somebody has written about a task: it is there again when he comes back to the task, and when sending it has failed. */
export function useOpinion(task: Ref<string>) {
  return computed({
    get: () => written.get(task.value) ?? '',
    set: (text: string) => void (text ? written.set(task.value, text) : written.delete(task.value)),
  })
}

/** After the decision the opinion is the server's. */
export const forgetOpinion = (task: string) => void written.delete(task)
