// Operators: an incident is repaired, tokens are moved, instances migrate to another version; each is asked of the API.
import assert from 'node:assert/strict'
import { accessible, login, open, shootRoute } from './browser.mjs'
import { model } from './ops-model.mjs'
import { Caller, until } from './product.mjs'

/** Deploys a process of its own in two versions, with instances of the first one. */
export async function prepare(url) {
  const admin = new Caller(url, 'admin')
  const operator = new Caller(url, 'wuqiang')
  const key = 'ops-quota-' + Date.now().toString(36)
  const first = (await admin.deploy(key, [[key + '.bpmn', model(1, key)]])).definitions[0].id
  const start = async (businessKey, variables) => (await admin.post(`/processes/${key}/start`, { businessKey, variables })).instance.id
  const failed = await start('Q-1', { amount: 3600, approver: 'wuqiang' })
  const alsoFailed = await start('Q-2', { amount: 100, approver: 'wuqiang' })
  const waiting = await start('Q-3', { amount: 3600, limit: 2500, approver: 'wuqiang' })
  const migrating = [await start('Q-4', { amount: 4000, limit: 2500, approver: 'lina' }), await start('Q-5', { amount: 5000, limit: 2500, approver: 'lina' })]
  const second = (await admin.deploy(key, [[key + '.bpmn', model(2, key)]])).definitions[0].id
  await until(async () => (await operator.get('/incidents?processKey=' + key)).items.length === 2, 'two incidents')
  return { operator, key, first, second, failed, alsoFailed, waiting, migrating }
}

const waits = (key) => `<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:camunda="http://camunda.org/schema/1.0/bpmn" targetNamespace="https://diom.io/test"><bpmn:message id="m" name="${key}"/>
<bpmn:process id="${key}" name="等待到货" isExecutable="true" camunda:historyTimeToLive="1"><bpmn:startEvent id="start"/><bpmn:sequenceFlow id="a" sourceRef="start" targetRef="wait"/>
<bpmn:intermediateCatchEvent id="wait" name="到货"><bpmn:messageEventDefinition id="d" messageRef="m"/></bpmn:intermediateCatchEvent><bpmn:sequenceFlow id="b" sourceRef="wait" targetRef="end"/><bpmn:endEvent id="end"/></bpmn:process></bpmn:definitions>`

const confirm = (page) => page.locator('.el-message-box .el-button--primary, .el-message-box .el-button--danger').last().click()

export const journeys = {
  async 'an incident: the variable is added, the retry turns it green'({ browser, url, shared }) {
    const tab = await open(browser, url)
    const { page } = tab
    await login(page, 'wuqiang', '/ops/incidents?process=' + shared.key)
    await page.locator('[data-test=group]').first().waitFor()
    await accessible(page, 'ops-incidents')
    await page.getByRole('link', { name: '逐个列出' }).first().click()
    await page.getByRole('link', { name: shared.failed.slice(-12) }).click()
    await page.getByText('there is no variable limit').or(page.locator('.message')).first().waitFor()
    await page.getByRole('tab', { name: '变量' }).click()
    await page.getByRole('button', { name: '添加变量' }).click()
    await page.getByLabel('名称').fill('limit')
    await page.locator('.el-dialog .el-select').click()
    await page.getByRole('option', { name: '数字' }).click()
    await page.locator('.el-dialog textarea').fill('2500')
    await page.locator('[data-test=save-variable]').click()
    await page.locator('[data-test=variable-limit]').waitFor()
    assert.equal((await shared.operator.get(`/instances/${shared.failed}/variables`)).limit, 2500)
    await page.getByRole('tab', { name: /故障/ }).click()
    await page.locator('[data-test=retry]').click()
    await page.getByText('此实例没有故障').waitFor()
    const after = await shared.operator.get('/instances/' + shared.failed)
    assert.equal(after.incidents.length, 0)
    assert.equal(after.tasks[0].nodeId, 'approve')
    await page.locator('.mark-active[data-element-id=approve]').waitFor()
    await page.getByRole('tab', { name: '为什么' }).click()
    await page.getByText('${approver}').waitFor()
    await accessible(page, 'ops-why')
    await tab.close()
  },

  async 'modification: a token is moved, the last step undone, all is applied at once'({ browser, url, shared }) {
    const tab = await open(browser, url)
    const { page } = tab
    await login(page, 'wuqiang', '/ops/instances/' + shared.waiting)
    await page.locator('.mark-active[data-element-id=approve]').waitFor()
    await page.locator('[data-test=modify]').click()
    const node = (id) => page.locator(`.djs-shape[data-element-id=${id}] .djs-hit`).first()
    await node('approve').click()
    await page.locator('[data-test=node-acts]').getByRole('button', { name: /移动/ }).click()
    await node('check').click()
    await node('end').click()
    await page.locator('[data-test=node-acts]').getByRole('button', { name: '在此添加令牌' }).click()
    assert.equal(await page.locator('[data-test=pending] li').count(), 2)
    await page.getByRole('button', { name: '撤销上一步' }).click()
    assert.equal(await page.locator('[data-test=pending] li').count(), 1)
    await accessible(page, 'ops-modify')
    await page.screenshot({ path: 'test-results/ops-modify.png' })
    await page.locator('[data-test=apply]').click()
    await confirm(page)
    await page.getByText('已应用 1 步修改').waitFor()
    const visits = await until(async () => {
      const { items } = await shared.operator.get(`/instances/${shared.waiting}/activity`)
      return items.filter((v) => v.nodeId === 'approve').length === 2 && items
    }, 'the task is visited again')
    assert.equal(visits.filter((v) => v.nodeId === 'check').length, 2)
    assert.equal(visits.filter((v) => !v.leftAt).length, 1)
    await tab.close()
  },

  async 'a modification that cannot be is refused, and changes nothing'({ browser, url, shared }) {
    const tab = await open(browser, url)
    tab.forgive(/status of 4\d\d .*\/modify/)
    const { page } = tab
    await login(page, 'wuqiang', '/ops/instances/' + shared.alsoFailed)
    await page.locator('.mark-failed[data-element-id=check]').waitFor()
    await page.locator('[data-test=modify]').click()
    const node = (id) => page.locator(`.djs-shape[data-element-id=${id}] .djs-hit`).first()
    const acts = page.locator('[data-test=node-acts]')
    for (let n = 0; n < 2; n++) {
      await node('check').click()
      await acts.getByRole('button', { name: /取消 1 个令牌/ }).click()
    }
    await page.locator('[data-test=apply]').click()
    await confirm(page)
    await page.getByText('什么都没有改变').waitFor()
    assert.equal((await shared.operator.get('/instances/' + shared.alsoFailed)).incidents.length, 1)
    await tab.close()
  },

  async 'two instances migrate: dry run, batch, both are of the second version'({ browser, url, shared }) {
    const tab = await open(browser, url)
    const { page } = tab
    await login(page, 'wuqiang', `/ops/migrate?key=${shared.key}&source=${shared.first}&target=${shared.second}&instance=${shared.migrating[0]}`)
    await page.locator('[data-test=instances]').click()
    await page.getByRole('option', { name: 'Q-5' }).click()
    await page.keyboard.press('Escape')
    await page.locator('[data-test=validate]').click()
    await page.locator('[data-test=outcome].good').waitFor()
    await accessible(page, 'ops-migrate')
    await page.locator('[data-test=migrate]').click()
    await confirm(page)
    await page.waitForURL(/\/ops\/batches\/.+/)
    await page.locator('[data-test=batch-state].good').waitFor()
    await accessible(page, 'ops-batch')
    for (const id of shared.migrating) assert.equal((await shared.operator.get('/instances/' + id)).processVersion, 2)
    await tab.close()
  },

  async 'a message that an instance waits for is handed to it'({ browser, url, shared }) {
    const key = 'arrival-' + Date.now().toString(36)
    const admin = new Caller(url, 'admin')
    await admin.deploy(key, [[key + '.bpmn', waits(key)]])
    const { instance } = await admin.post(`/processes/${key}/start`, { businessKey: key, variables: {} })
    const tab = await open(browser, url)
    const { page } = tab
    await login(page, 'wuqiang', '/ops/messages')
    const row = page.locator('tbody tr', { hasText: key }).first()
    await row.getByRole('button', { name: '交给它' }).click()
    await page.getByRole('dialog').locator('textarea').fill('{"parcels": 2}')
    await accessible(page, 'ops-message-dialog')
    await page.locator('[data-test=send]').click()
    await until(async () => (await shared.operator.get('/instances/' + instance.id)).state === 'completed', 'it goes on')
    assert.equal((await shared.operator.get(`/instances/${instance.id}/variables`)).parcels, 2)
    await row.waitFor({ state: 'detached' })
    await tab.close()
  },

  async 'a version is suspended: nothing starts by it until it is resumed; who may not deploy cannot'({ browser, url, shared }) {
    const path = `/ops/definitions/${shared.key}?version=${shared.second}`
    const watcher = await open(browser, url)
    await login(watcher.page, 'wuqiang', path)
    await watcher.page.locator('.facts').waitFor()
    assert.equal(await watcher.page.locator('[data-test=switch]').count(), 0)
    await watcher.close()
    const admin = new Caller(url, 'admin')
    const suspended = async () => (await admin.get('/definitions/' + shared.second)).suspended ?? false
    const tab = await open(browser, url)
    const { page } = tab
    await login(page, 'admin', path)
    for (const wanted of [true, false]) {
      await page.locator('[data-test=switch]').click()
      await page.locator('[data-test=switch-go]').click()
      await until(async () => (await suspended()) === wanted, wanted ? 'it is suspended' : 'it is resumed')
      await page.locator('.facts .tag, .facts .state-tag, .facts span').first().waitFor()
      const answer = await admin.raw('POST', `/api/v1/definitions/${shared.second}/start`, { variables: { amount: 1, limit: 2, approver: 'lina' } })
      assert.equal(answer.status === 409 || answer.status === 422, wanted, `a start is answered ${answer.status}`)
      await page.getByRole('dialog').waitFor({ state: 'hidden' })
      await page.locator('[data-test=switch]', { hasText: wanted ? /恢复|启用|激活/ : /挂起|停用/ }).waitFor()
    }
    await tab.close()
  },

  async 'chosen instances are suspended as a batch, which says how many before'({ browser, url, shared }) {
    const tab = await open(browser, url)
    const { page } = tab
    await login(page, 'wuqiang', `/ops/instances?process=${shared.key}&state=active&key=Q-5`)
    await page.getByRole('link', { name: 'Q-5' }).waitFor()
    await page.locator('tbody .el-checkbox').first().click()
    await page.locator('.chosen').getByRole('button', { name: '挂起' }).click()
    assert.match(await page.locator('[data-test=touch]').innerText(), /1 个实例/)
    await page.locator('[data-test=go]').click()
    await page.waitForURL(/\/ops\/batches\/.+/)
    await page.locator('[data-test=batch-state].good').waitFor()
    assert.equal((await shared.operator.get('/instances/' + shared.migrating[1])).state, 'suspended')
    await tab.close()
  },
}

const routes = {
  ops: [() => '/ops', '.chart svg'],
  'ops-definitions': [() => '/ops/definitions', '.data-list a'],
  'ops-definition': [(s) => `/ops/definitions/${s.key}?version=${s.first}`, '.diagram-badge'],
  'ops-instances': [() => '/ops/instances', '.data-list a'],
  'ops-instance': [(s) => '/ops/instances/' + s.alsoFailed, '.mark-failed'],
  'ops-history': [(s) => `/ops/instances/${s.waiting}?tab=history`, '.step'],
  'ops-incidents': [() => '/ops/incidents', '[data-test=group]'],
  'ops-jobs': [() => '/ops/jobs?view=timers'],
  'ops-messages': [() => '/ops/messages'],
  'ops-batches': [() => '/ops/batches'],
  'ops-migrate': [(s) => `/ops/migrate?key=${s.key}`, '[data-test=validate]'],
  'ops-functions': [() => '/ops/functions', '.list'],
  insight: [() => '/insight', '.chart svg'],
  'insight-process': [(s) => '/insight/processes/' + s.key, '.chart svg'],
}
for (const [name, [path, ready]] of Object.entries(routes)) {
  journeys['screenshots of ' + name] = ({ browser, url, shared }) => shootRoute(browser, url, 'wuqiang', path(shared), name, { ready })
}
