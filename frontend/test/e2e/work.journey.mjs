// The work area: a request from its start to its end, returned, withdrawn, on a phone. What happened is asked of the server.
import assert from 'node:assert/strict'
import { accessible, login, open, settled, shoot, shootRoute } from './browser.mjs'
import { Caller, until } from './product.mjs'
import { seed } from './seed.mjs'

export const prepare = seed

const state = async (caller, id) => (await caller.get(`/instances/${id}`)).state
const openTask = async (caller, instance, name) => (await caller.get(`/instances/${instance}`)).tasks.find((t) => t.state === 'open' && (!name || t.name === name))
async function visibleMark(page, selector) {
  await page.locator(selector).first().scrollIntoViewIfNeeded()
  const hit = await page.evaluate((s) => {
    const mark = document.querySelector(s)
    const r = mark.getBoundingClientRect()
    const at = document.elementFromPoint(r.x + r.width / 2, r.y + r.height / 2)
    return mark.contains(at) || at?.contains(mark)
  }, selector)
  assert.ok(hit, `${selector} is covered`)
}

export const journeys = {
  async 'a request is started, approved by everybody, and ends while its starter looks'({ browser, url, shared }) {
    const tab = await open(browser, url)
    const drafts = async () => (await shared.starter.get('/drafts')).items.filter((d) => d.processKey === 'purchase').length
    const kept = await drafts()
    await login(tab.page, 'zhangwei', '/start')
    await tab.page.getByText('采购申请').first().click()
    await tab.page.getByLabel('采购物品').fill('会议室投影仪')
    await tab.page.getByLabel('金额').fill('5200')
    await tab.page.getByText('部门经理审批').waitFor()
    await visibleMark(tab.page, '.fjs-powered-by')
    await accessible(tab.page, 'start-form')
    await tab.page.getByText('草稿已保存').waitFor()
    await tab.page.locator('[data-test=submit]').click()
    await tab.page.waitForURL(/\/instances\//)
    const id = new URL(tab.page.url()).pathname.split('/').pop()
    const variables = await shared.starter.get(`/instances/${id}/variables`)
    assert.equal(variables.item, '会议室投影仪')
    assert.equal(await drafts(), kept)
    await visibleMark(tab.page, '.bjs-powered-by')

    for (const [who, name] of [['wangfang', '部门经理审批'], ['lina', '财务会签'], ['zhaolei', '财务会签']]) {
      const task = (await shared.starter.get(`/instances/${id}`)).tasks.find((t) => t.state === 'open' && t.assignee === who)
      assert.equal(task?.name, name)
      const other = await open(browser, url)
      await login(other.page, who, `/inbox/todo?task=${task.id}`)
      await other.page.locator('.task-detail').getByText('会议室投影仪').first().waitFor()
      await other.page.getByLabel('审批意见').fill('同意采购')
      await other.page.locator('[data-test=approve]').click()
      await until(async () => !(await openTask(shared.starter, id))?.id?.startsWith?.(task.id), `${who} has approved`)
      await other.close()
    }
    await until(async () => (await state(shared.starter, id)) === 'completed', 'the request is completed')
    await tab.page.locator('.request-head').getByText('已完成').waitFor()
    await tab.close()
  },

  async 'an approval is undone within five seconds, a rejection says why'({ browser, url, shared }) {
    const caller = new Caller(url, 'wangfang')
    const { instance } = await shared.request({ item: '打印机', amount: 2100 })
    const task = await openTask(shared.starter, instance.id)
    const tab = await open(browser, url)
    await login(tab.page, 'wangfang', `/inbox/todo?task=${task.id}`)
    const row = tab.page.locator('.inbox-row', { hasText: '打印机' })
    await row.waitFor()
    await tab.page.locator('[data-test=approve]').waitFor() // keys are for what is shown
    await tab.page.keyboard.press('a')
    await row.waitFor({ state: 'detached' })
    await tab.page.locator('.undo').click()
    await row.waitFor()
    await tab.page.waitForTimeout(5500)
    assert.equal((await caller.get(`/tasks/${task.id}`)).state, 'open')
    await row.click()
    await tab.page.locator('[data-test=reject]').click()
    await tab.page.getByText('驳回时请写明意见').waitFor()
    await tab.page.getByLabel('审批意见').fill('今年不再采购')
    await tab.page.locator('[data-test=reject]').click()
    await until(async () => (await state(shared.starter, instance.id)) === 'completed', 'it is rejected')
    assert.equal((await shared.starter.get(`/instances/${instance.id}/variables`)).approval.result, 'rejected')
    await tab.close()
  },

  async 'a task is returned to the step before'({ browser, url, shared }) {
    const manager = new Caller(url, 'wangfang')
    const { instance } = await shared.request({ item: '服务器', amount: 88000 })
    await manager.post(`/tasks/${(await openTask(shared.starter, instance.id)).id}/complete`, { outcome: 'approve' })
    const task = (await shared.starter.get(`/instances/${instance.id}`)).tasks.find((t) => t.state === 'open' && t.assignee === 'lina')
    const tab = await open(browser, url)
    await login(tab.page, 'lina', `/tasks/${task.id}`)
    await tab.page.locator('[data-test=return]').click()
    await tab.page.getByRole('dialog').getByLabel('意见').fill('请补充三家报价')
    await accessible(tab.page, 'return-dialog')
    await tab.page.locator('[data-test=confirm-action]').click()
    await tab.page.waitForURL(/\/inbox\/todo/)
    const now = await openTask(shared.starter, instance.id)
    assert.equal(now.name, '部门经理审批')
    assert.equal(now.assignee, 'wangfang')
    await tab.close()
  },

  async 'the starter withdraws his request and starts a copy of it'({ browser, url, shared }) {
    const { instance } = await shared.request({ item: '绿植', amount: 300 })
    const tab = await open(browser, url)
    await login(tab.page, 'zhangwei', `/instances/${instance.id}`)
    await tab.page.locator('[data-test=withdraw]').click()
    await tab.page.getByRole('dialog').getByRole('button', { name: '撤回申请' }).click()
    await tab.page.locator('.request-head').getByText('已取消').waitFor()
    assert.equal(await state(shared.starter, instance.id), 'cancelled')
    await tab.page.getByRole('button', { name: '再次发起' }).click()
    await tab.page.waitForFunction(() => [...document.querySelectorAll('input')].some((i) => i.value === '绿植'))
    await tab.close()
  },

  async 'on a phone the manager approves with one thumb'({ browser, url, shared }) {
    const { instance } = await shared.request({ item: '手机支架', amount: 50 })
    const tab = await open(browser, url, { device: 'phone' })
    await login(tab.page, 'wangfang', '/inbox/todo')
    await tab.page.locator('.inbox-row', { hasText: '手机支架' }).click()
    await tab.page.waitForURL(/\/tasks\//)
    const bar = await tab.page.locator('.action-bar').boundingBox()
    assert.ok(bar.y + bar.height <= 845 && bar.y > 700, `the action bar is at ${bar.y}`)
    const wide = await tab.page.evaluate(() => document.documentElement.scrollWidth)
    assert.ok(wide <= 390, `the page is ${wide} wide`)
    await tab.page.locator('[data-test=approve]').click()
    await until(async () => (await openTask(shared.starter, instance.id))?.name === '财务会签', 'it went on')
    await tab.close()
  },

  async 'several are approved at once where the process allows it'({ browser, url, shared }) {
    const ids = []
    for (const item of ['批量甲', '批量乙']) ids.push((await shared.request({ item, amount: 10 })).instance.id)
    const tab = await open(browser, url)
    await login(tab.page, 'wangfang', '/inbox/todo')
    for (const item of ['批量甲', '批量乙']) await tab.page.locator('.inbox-row', { hasText: item }).locator('.el-checkbox').click()
    await tab.page.locator('[data-test=bulk-approve]').click()
    for (const id of ids) await until(async () => (await openTask(shared.starter, id))?.name === '财务会签', 'both went on')
    await tab.close()
  },

  async 'news of another person arrive without a reload'({ browser, url, shared }) {
    const tab = await open(browser, url)
    await login(tab.page, 'wangfang', '/inbox/todo')
    await settled(tab.page)
    await tab.page.waitForTimeout(1500)
    const item = `实时到达 ${Date.now()}`
    await shared.request({ item, amount: 20 })
    await tab.page.locator('.inbox-row', { hasText: item }).waitFor({ timeout: 5000 })
    await tab.close()
  },

  async 'lines add up while they are written, a signature is drawn, and who is chosen decides'({ browser, url, shared }) {
    const tab = await open(browser, url)
    const { page } = tab
    await login(page, 'zhangwei', '/start/claim')
    const fill = async (label, n, text) => page.getByLabel(label).nth(n).fill(text)
    await fill('名目', 0, '打车')
    await fill('费用', 0, '0.1')
    await page.getByRole('button', { name: '添加一行' }).or(page.locator('.fjs-repeat-render-add')).first().click()
    await fill('名目', 1, '停车')
    await fill('费用', 1, '0.2')
    await page.locator('.line-total', { hasText: '¥ 0.30' }).getByText('叁角').waitFor()
    await page.getByPlaceholder('年/月/日').first().waitFor()
    await page.getByRole('combobox', { name: '审批人' }).fill('zl') // the initials of 赵磊
    await page.locator('.el-select-dropdown__item:visible', { hasText: '赵磊' }).first().click()
    await page.locator('[data-test=submit]').click()
    await page.locator('.fjs-form-field-signature.fjs-has-errors').waitFor() // it must be signed
    const pad = page.locator('.signature canvas')
    await pad.scrollIntoViewIfNeeded()
    const box = await pad.boundingBox()
    await page.mouse.move(box.x + 40, box.y + 60)
    await page.mouse.down()
    for (let n = 1; n < 12; n++) await page.mouse.move(box.x + 40 + n * 25, box.y + 60 + (n % 2) * 40)
    await page.mouse.up()
    await accessible(page, 'work-claim')
    await shoot(page, 'work-claim')
    await page.locator('[data-test=sign]').click()
    await page.locator('.signature img').waitFor()

    const name = '常用报销 ' + Date.now()
    await page.locator('[data-test=templates]').click()
    await page.locator('.el-dropdown-menu__item:visible', { hasText: '存为模板' }).click()
    await page.getByRole('dialog').getByLabel('名称').fill(name)
    await page.locator('[data-test=keep-template]').click()
    const template = await until(async () => (await shared.starter.get('/templates?view=mine&processKey=claim&limit=50')).items.find((t) => t.name === name), 'it is kept as a template')
    assert.equal((await shared.starter.get('/templates/' + template.id)).values.lines.length, 2)
    await page.getByRole('dialog').waitFor({ state: 'hidden' })

    await page.locator('[data-test=submit]').click()
    await page.waitForURL(/\/instances\//)
    const id = new URL(page.url()).pathname.split('/').pop()
    const variables = await shared.starter.get(`/instances/${id}/variables`)
    assert.equal(Number(variables.total), 0.3)
    assert.match(variables.signed, /^[0-9a-f-]{36}$/)
    const task = await openTask(shared.starter, id)
    assert.equal(task.assignee, 'zhaolei')
    const file = await fetch(`${url}/api/v1/files/${variables.signed}/content`, { headers: { Authorization: `Bearer ${shared.starter.token}` } })
    assert.equal(Buffer.from(await file.arrayBuffer()).subarray(1, 4).toString(), 'PNG')
    await tab.close()

    const other = await open(browser, url)
    await login(other.page, 'zhaolei', `/tasks/${task.id}`)
    await other.page.locator('.signature img').waitFor()
    await other.page.locator('.line-total', { hasText: '¥ 0.30' }).waitFor()
    await shoot(other.page, 'work-claim-task')
    await other.close()
  },

  async 'what is typed last goes with the request'({ browser, url, shared }) {
    const tab = await open(browser, url)
    await login(tab.page, 'zhangwei', '/start/purchase')
    await tab.page.getByLabel('金额').fill('4300')
    await tab.page.getByLabel('采购物品').fill('最后一刻的白板')
    await tab.page.locator('[data-test=submit]').click()
    await tab.page.waitForURL(/\/instances\//)
    const id = new URL(tab.page.url()).pathname.split('/').pop()
    assert.equal((await shared.starter.get(`/instances/${id}/variables`)).item, '最后一刻的白板')
    await tab.close()
  },

  async 'phrases are kept with the account, and come first where a comment is written'({ browser, url }) {
    const caller = new Caller(url, 'wangfang')
    const kept = async () => (await caller.get('/me/phrases')).items
    const tab = await open(browser, url)
    await login(tab.page, 'wangfang', '/me?section=phrases')
    for (const phrase of ['请财务先核', '金额已核对']) {
      await tab.page.getByLabel('新的常用语').fill(phrase)
      await tab.page.getByRole('button', { name: '添加' }).click()
      await tab.page.locator('li', { hasText: phrase }).waitFor()
    }
    assert.deepEqual((await kept()).slice(0, 2), ['金额已核对', '请财务先核'])
    await tab.page.getByRole('button', { name: '把“请财务先核”排到最前' }).click()
    await until(async () => (await kept())[0] === '请财务先核', 'the order is kept')
    const task = (await caller.get('/tasks?view=todo&limit=1')).items[0]
    await tab.page.goto(`/tasks/${task.id}`)
    await tab.page.getByLabel('审批意见').click()
    await tab.page.locator('.phrases button:first-child', { hasText: '请财务先核' }).click()
    assert.equal(await tab.page.getByLabel('审批意见').inputValue(), '请财务先核')
    await tab.page.goto('/me?section=phrases')
    await tab.page.getByRole('button', { name: '删除“金额已核对”' }).click()
    await until(async () => !(await kept()).includes('金额已核对'), 'the phrase is gone')
    await tab.close()
  },

  async 'screenshots'({ browser, url, shared }) {
    const { instance } = await shared.request({ item: '截图用申请', amount: 100, kind: 'office', needed: '2026-12-20', reason: '用于截图' })
    const task = await openTask(shared.starter, instance.id)
    const shots = [
      ['wangfang', '/home', 'work-home'],
      ['wangfang', `/inbox/todo?task=${task.id}`, 'work-inbox'],
      ['wangfang', `/tasks/${task.id}`, 'work-task'],
      ['wangfang', '/inbox/done', 'work-done'],
      ['zhangwei', '/start', 'work-start'],
      ['zhangwei', '/start/purchase', 'work-start-form'],
      ['zhangwei', '/start/claim', 'work-start-claim'],
      ['zhangwei', '/inbox/started', 'work-started'],
      ['zhangwei', '/inbox/drafts', 'work-drafts'],
      ['zhangwei', `/instances/${instance.id}`, 'work-instance'],
      ['wangfang', '/notifications', 'work-notifications'],
      ...['profile', 'phrases', 'delegations', 'notifications', 'sessions', 'accounts', 'tokens'].map((s) => ['zhangwei', `/me?section=${s}`, `work-me-${s}`]),
    ]
    const wrong = []
    for (const [who, path, name] of shots) await shootRoute(browser, url, who, path, name).catch((e) => wrong.push(`${name}: ${e.message}`))
    assert.deepEqual(wrong, [])
  },
}
