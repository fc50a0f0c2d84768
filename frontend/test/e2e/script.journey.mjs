// The five minutes of docs/demo.md, as one journey on the demo: what each step has done is asked of the server.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { resolve } from 'node:path'
import { promisify } from 'node:util'
import { accessible, login, open, settled, shoot } from './browser.mjs'
import { Caller, patience, until } from './product.mjs'

const leave = 'leave-request'
const order = 'order-fulfilment'
const long = 60 // seconds, for what five seconds of undoing and a worker go before

export async function prepare(url) {
  return { operator: new Caller(url, 'wuqiang'), run: Date.now().toString(36) }
}

/** Opens a page as somebody, hands it over, and closes it: what went wrong on it fails the journey. */
async function as(world, who, path, act) {
  const tab = await open(world.browser, world.url)
  await login(tab.page, who, path)
  const result = await act(tab.page, new Caller(world.url, who))
  await tab.close()
  return result
}
const openTask = async ({ shared }, instance, wanted) => (await shared.operator.get(`/instances/${instance}`)).tasks.find((t) => t.state === 'open' && wanted(t))
const definitions = async (caller, key) => (await caller.get(`/definitions?key=${key}&limit=100`)).items.sort((a, b) => a.version - b.version)
const running = async (caller, definition) => (await caller.get(`/instances?view=all&definitionId=${definition}&state=active&limit=100`)).items

/** 0:00 张伟 asks for five days, and sees who will be asked. */
async function start(page, { shared }) {
  await page.getByText('请假', { exact: true }).first().click()
  await page.locator('[data-test=fill]').click() // as the last time
  await until(async () => (await page.getByLabel('事由').inputValue()) !== '', 'it is filled in')
  await page.getByLabel('天数').first().fill('5')
  await page.getByText('总监审批').first().waitFor() // the forecast has heard of it
  await page.getByLabel('事由').fill('五分钟演示 ' + shared.run)
  await page.getByLabel('事由').blur()
  await page.getByText('部门经理审批').first().waitFor()
  await shoot(page, 'script-start')
  await page.locator('[data-test=submit]').click()
  await page.waitForURL(/\/instances\//)
  const id = new URL(page.url()).pathname.split('/').pop()
  assert.equal((await shared.operator.get(`/instances/${id}/variables`)).days, 5)
  assert.equal((await shared.operator.get(`/instances/${id}`)).starter, 'zhangwei')
  await page.locator('.mark-active[data-element-id=managerApproval]').waitFor()
  return id
}

/** 0:50 王芳's number goes up without a reload; she approves. */
async function approve(page, caller, world, leaveId) {
  const task = await until(() => openTask(world, leaveId, (t) => t.assignee === 'wangfang'), 'her task')
  const badge = page.locator('nav.navigation a[href="/inbox/todo"] .count')
  await until(async () => (await badge.innerText()) === String((await caller.get('/home')).counts.todo), 'her number is that of the server', long)
  await badge.click()
  await page.locator('.inbox-row', { hasText: world.shared.run }).click()
  await page.locator('.task-detail').getByText('五分钟演示').first().waitFor()
  await settled(page)
  await shoot(page, 'script-inbox')
  await page.locator('[data-test=approve]').click()
  await page.locator('.inbox-row', { hasText: world.shared.run }).waitFor({ state: 'detached' })
  await until(async () => (await caller.get(`/tasks/${task.id}`)).state === 'completed', 'she has approved', long)
}

/** 1:40 李娜 adds a signer and signs, 赵磊 signs: 66 % are reached, and the worker pays. */
async function countersign(world) {
  const signing = (caller) => until(async () => (await caller.get('/tasks?view=todo&limit=100')).items.find((t) => t.processKey === 'expense-claim' && t.name === '财务会签'), `the claim of ${caller.username}`)
  const task = await signing(new Caller(world.url, 'lina'))
  await as(world, 'lina', `/tasks/${task.id}`, async (page, caller) => {
    await page.locator('[data-test=more]').click()
    await page.locator('.el-dropdown-menu__item:visible', { hasText: '加签' }).first().click()
    await page.locator('#action-users').fill('王芳')
    await page.locator('.el-select-dropdown__item:visible', { hasText: '王芳' }).click()
    await page.locator('.el-dialog .el-radio-button').last().click()
    await page.getByRole('dialog').getByLabel('意见').fill('请业务负责人一并会签')
    await page.locator('[data-test=confirm-action]').click()
    await until(() => openTask(world, task.instanceId, (t) => t.assignee === 'wangfang'), '王芳 is to sign, too', long)
    await page.getByRole('dialog').waitFor({ state: 'hidden' })
    await page.locator('[data-test=approve]').click()
    await until(async () => (await caller.get(`/tasks/${task.id}`)).state === 'completed', '李娜 has signed', long)
  })
  const other = await signing(new Caller(world.url, 'zhaolei'))
  assert.equal(other.instanceId, task.instanceId)
  await as(world, 'zhaolei', `/tasks/${other.id}`, async (page) => {
    await page.locator('[data-test=approve]').click()
    await until(async () => (await world.shared.operator.get(`/instances/${task.instanceId}`)).state === 'completed', 'the claim is paid', long)
  })
  assert.match((await world.shared.operator.get(`/instances/${task.instanceId}/variables`)).paymentNumber, /^FK-/)
}

/** 2:30 One CloudEvent places an order whose payment fails. */
async function place({ url, shared }) {
  const before = new Set((await shared.operator.get(`/incidents?processKey=${order}&limit=100`)).items.map((i) => i.id))
  const text = JSON.stringify({ orderId: 'SO-' + shared.run, customer: '晨光贸易', sku: '机械键盘', quantity: 2, amount: 888, account: '621483000001' })
  const source = ['--source', 'https://shop.demo.diom.io/orders', '--key-id', 'demo-shop', '--data', text, '--url', url]
  const env = { ...process.env, DIOM_EVENT_KEY: 'the key of the demo shop is no secret' }
  await promisify(execFile)(resolve(process.env.DIOM ?? '../.diom/bin/diom'), ['event', 'send', 'com.diom.order.placed', ...source], { env })
  return until(async () => (await shared.operator.get(`/incidents?processKey=${order}&limit=100`)).items.find((i) => !before.has(i.id)), 'the payment has failed', long)
}

/** 3:10 吴强 opens the incident, changes the variable, retries: green. */
async function repair(page, { shared }, incident) {
  await page.getByRole('link', { name: incident.instanceId.slice(-12) }).first().click()
  await page.locator('.mark-failed[data-element-id=charge]').waitFor()
  await shoot(page, 'script-incident')
  await page.getByRole('tab', { name: '变量' }).click()
  await page.locator('[data-test=variable-amount] button').first().click()
  await page.locator('.el-dialog textarea').fill('880')
  await page.locator('[data-test=save-variable]').click()
  await until(async () => (await shared.operator.get(`/instances/${incident.instanceId}/variables`)).amount === 880, 'the amount is another')
  await page.getByRole('tab', { name: /故障/ }).click()
  await page.locator('[data-test=retry]').click()
  await page.locator('.mark-active[data-element-id=pack]').waitFor({ timeout: long * 1000 * patience })
  const after = await shared.operator.get('/instances/' + incident.instanceId)
  assert.deepEqual(after.incidents, [])
  assert.ok(after.tasks.some((t) => t.nodeId === 'pack' && t.state === 'open'))
}

/** 3:50 周明 compares two versions, is told of a dead end, and publishes a third version. */
async function redesign(page, caller) {
  await page.locator('.mark-changed, .mark-added').first().waitFor()
  await shoot(page, 'script-diff')
  await page.getByRole('link', { name: '编辑' }).click()
  await page.locator('[data-element-id=filing]').first().waitFor()
  await page.getByText('没有发现问题').or(page.locator('.problem').first()).first().waitFor()
  const before = await page.locator('.problem').count()
  await page.locator('.djs-connection[data-element-id=toFiled] .djs-hit').first().click({ force: true })
  await page.keyboard.press('Delete')
  await page.locator('.problems', { hasText: /filed|已备案|filing|人事备案/ }).waitFor()
  await page.locator('.problem-badge').first().waitFor()
  await page.getByRole('button', { name: '撤销' }).click()
  await until(async () => (await page.locator('.problem').count()) === before, 'nothing is wrong any more')
  await page.locator('.djs-shape[data-element-id=amend] .djs-hit').first().click()
  const name = page.getByRole('textbox', { name: '名称', exact: true })
  await name.fill('修改后重新提交')
  await name.blur()
  await page.getByRole('button', { name: '保存' }).click()
  await page.getByRole('dialog').getByRole('textbox').fill('五分钟演示')
  await page.getByRole('dialog').getByRole('button', { name: '保存' }).click()
  await page.getByText(/已保存为 v/).waitFor()
  const versions = await definitions(caller, leave)
  await page.getByRole('link', { name: '发布' }).click()
  await page.locator('.el-alert', { hasText: String(versions.at(-1).version) }).first().waitFor()
  await shoot(page, 'script-publish')
  await page.locator('button.publish').click()
  await page.getByText(/已发布，定义版本/).waitFor()
  const published = await definitions(caller, leave)
  assert.equal(published.length, versions.length + 1)
  return published
}

/** Two of the instances that still run by the first version go on by the newest one. */
async function migrate(page, world, [first, last]) {
  const { operator } = world.shared
  const failed = new Set((await operator.get(`/incidents?processKey=${leave}&limit=100`)).items.map((i) => i.instanceId))
  const sound = (await running(operator, first.id)).filter((i) => !failed.has(i.id)).slice(0, 2)
  assert.equal(sound.length, 2)
  await page.goto(`/ops/migrate?key=${leave}&source=${first.id}&target=${last.id}&instance=${sound[0].id}`)
  await page.locator('[data-test=instances]').click()
  await page.locator('.el-select-dropdown__item:visible', { hasText: sound[1].number || sound[1].businessKey || sound[1].id.slice(-12) }).click()
  await page.keyboard.press('Escape')
  await page.locator('[data-test=validate]').click()
  await page.locator('[data-test=outcome].good').waitFor()
  await page.locator('[data-test=migrate]').click()
  await page.locator('.el-message-box .el-button--primary').last().click()
  await page.waitForURL(/\/ops\/batches\/.+/)
  await page.locator('[data-test=batch-state].good').waitFor({ timeout: long * 1000 * patience })
  for (const { id } of sound) assert.equal((await operator.get('/instances/' + id)).processVersion, last.version)
}

/** 4:40 The heat map, in English, in the dark. */
async function look(page) {
  await page.locator('.diagram-badge').first().waitFor()
  await page.locator('.map .el-radio-button').nth(2).click()
  await page.waitForURL(/heat=visits/)
  await page.getByRole('button', { name: 'Switch to English' }).click()
  await page.getByText('Versions', { exact: true }).waitFor()
  const dark = () => page.evaluate(() => document.documentElement.classList.contains('dark'))
  for (let n = 0; n < 3 && !(await dark()); n++) await page.locator('.top .icon-button.language + .icon-button').click()
  assert.ok(await dark())
  await shoot(page, 'script-heat-en-dark')
  await accessible(page, 'script-heat')
}

export const journeys = {
  async 'five minutes: a leave, a claim, an order that fails, a new version, the heat map'(world) {
    const { browser, url, shared } = world
    const starter = await open(browser, url)
    const manager = await open(browser, url)
    await login(manager.page, 'wangfang', '/home')
    await login(starter.page, 'zhangwei', '/start')
    const leaveId = await start(starter.page, world)
    await approve(manager.page, new Caller(url, 'wangfang'), world, leaveId)
    await manager.close()
    await starter.page.locator('.mark-active[data-element-id=directorApproval]').waitFor() // his page has not been loaded again
    await shoot(starter.page, 'script-moved')
    await starter.close()
    await countersign(world)
    const incident = await place(world)
    await as(world, 'wuqiang', `/ops/incidents?view=list&process=${order}`, (page) => repair(page, world, incident))
    const [design] = (await new Caller(url, 'zhouming').get(`/designs?kind=bpmn&key=${leave}`)).items
    const versions = await as(world, 'zhouming', `/design/processes/${leave}/diff/1/${design.version}`, redesign)
    await as(world, 'wuqiang', '/ops', (page) => migrate(page, world, [versions[0], versions.at(-1)]))
    await as(world, 'wuqiang', `/ops/definitions/${leave}`, look)
    assert.equal((await openTask(world, leaveId, (t) => t.nodeId === 'directorApproval'))?.name, '总监审批')
    assert.ok((await shared.operator.get('/incidents?limit=100')).items.every((i) => i.id !== incident.id))
  },
}
