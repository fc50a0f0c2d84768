// Much, slow, and failing: a long inbox, a slow network, functions that are away. INBOX says how many tasks (1,000).
import assert from 'node:assert/strict'
import { accessible, login, open, settled, shoot } from './browser.mjs'
import { Caller, patience, until } from './product.mjs'

const wanted = Number(process.env.INBOX ?? 1000)
const each = 1000 // tasks of one instance, at most

const model = (key) => `<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:camunda="http://camunda.org/schema/1.0/bpmn" xmlns:diom="https://diom.io/schema/bpmn" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" targetNamespace="https://diom.io/test">
<bpmn:process id="${key}" name="盘点" isExecutable="true" camunda:historyTimeToLive="1"><bpmn:startEvent id="start"/><bpmn:sequenceFlow id="a" sourceRef="start" targetRef="count"/>
<bpmn:userTask id="count" name="逐项核对" camunda:assignee="\${who}" camunda:dueDate="\${due}"><bpmn:multiInstanceLoopCharacteristics><bpmn:loopCardinality xsi:type="bpmn:tFormalExpression">\${n}</bpmn:loopCardinality></bpmn:multiInstanceLoopCharacteristics></bpmn:userTask>
<bpmn:sequenceFlow id="b" sourceRef="count" targetRef="end"/><bpmn:endEvent id="end"/></bpmn:process></bpmn:definitions>`

/** Somebody whose inbox is long. */
export async function prepare(url) {
  const run = Date.now().toString(36)
  const admin = new Caller(url, 'admin')
  const who = 'busy' + run
  const key = 'count-' + run
  await admin.post('/users', { username: who, displayName: '很忙的人', password: 'Diom-demo-1', roles: ['EMPLOYEE'], mustChangePassword: false })
  await admin.deploy(key, [[key + '.bpmn', model(key)]])
  const begin = Date.now()
  for (let n = 0; n < wanted; n += each) {
    const due = new Date(Date.now() + (n ? 86_400_000 : -86_400_000)).toISOString()
    await admin.post(`/processes/${key}/start`, { businessKey: `STOCK-${n / each}`, variables: { who, n: Math.min(each, wanted - n), due } })
  }
  const busy = new Caller(url, who)
  await until(async () => (await openOf(busy)) >= Math.min(wanted, 10_000), 'all tasks are there: what is too much for one step comes in the next', 60)
  console.log(`     load: ${wanted} tasks in ${((Date.now() - begin) / 1000).toFixed(1)} s`)
  return { who, key, busy }
}

const nodes = (page) => page.evaluate(() => document.querySelectorAll('*').length)
const cursorOf = (response) => new URL(response.url()).searchParams.get('cursor')
const rows = (page) => page.locator('.inbox-row')
const away = (code = 'unavailable') => ({ status: 503, contentType: 'application/problem+json', headers: { 'Retry-After': '1' }, body: JSON.stringify({ type: 'about:blank', title: '服务暂不可用', status: 503, code, traceId: '0af7651916cd43dd8448eb211c80319c' }) })
const openOf = async (caller) => (await caller.get('/tasks?view=todo&limit=1&count=true')).total

/** Milliseconds from a click until a row has left. */
const leaves = (page) =>
  page.evaluate(
    () =>
      new Promise((done) => {
        const row = document.querySelector('li[aria-current=true]')
        const list = row.parentElement
        const begin = performance.now()
        new MutationObserver((_, self) => {
          if (list.contains(row)) return
          self.disconnect()
          done(performance.now() - begin)
        }).observe(list, { childList: true })
        document.querySelector('[data-test=approve], [data-test=complete]').click()
      }),
  )

export const journeys = {
  async 'a long inbox: pages, filters and decisions, with as much on the page as with a short one'({ browser, url, shared }) {
    const tab = await open(browser, url)
    const { page } = tab
    await login(page, shared.who, '/inbox/todo')
    await rows(page).first().waitFor()
    await settled(page)
    const first = await nodes(page)
    assert.equal(await rows(page).count(), 20)
    assert.equal(await page.locator('nav.navigation a[href="/inbox/todo"] .count').innerText(), '99+')
    const next = page.getByRole('button', { name: '下一页' })
    const seen = new Set() // news of tasks ask for the page that is shown again
    for (let n = 0; n < 12; n++) {
      const answered = page.waitForResponse((r) => r.url().includes('/api/v1/tasks?') && r.url().includes('cursor=') && !seen.has(cursorOf(r)))
      await next.click()
      const answer = await answered
      assert.equal(answer.status(), 200)
      seen.add(cursorOf(answer))
      await page.locator('.rows[aria-busy=false]').waitFor()
    }
    await settled(page)
    assert.equal(await rows(page).count(), 20)
    const after = await nodes(page)
    assert.ok(after < first * 1.25 + 200, `the page has grown from ${first} to ${after} nodes`)
    await shoot(page, 'load-inbox')
    await accessible(page, 'load-inbox')

    await page.goto('/inbox/todo?q=STOCK-0&overdue=1')
    await rows(page).first().waitFor()
    assert.equal(await page.locator('.inbox-row', { hasText: '已逾期' }).count(), await rows(page).count())
    await page.goto('/inbox/todo?q=nothing-is-called-so')
    await page.getByText('没有待办').or(page.locator('.rows .state')).first().waitFor()

    await page.goto('/inbox/todo')
    await page.locator('[data-test=complete]').waitFor()
    await settled(page)
    const open_ = await openOf(shared.busy)
    const took = await leaves(page)
    console.log(`     load: the row left after ${took.toFixed(0)} ms; ${first} nodes, ${after} after twelve pages`)
    assert.ok(took < 500 * patience, `the row left after ${took} ms`)
    if (open_ < 10_000) await until(async () => (await openOf(shared.busy)) === open_ - 1, 'one less is open')
    await tab.close()
  },

  async 'a slow network: what comes is shown as it comes, and a decision does not wait for it'({ browser, url, shared }) {
    const tab = await open(browser, url)
    const { page } = tab
    await login(page, shared.who, '/home') // what the console is made of is there; answers are slow
    const line = await tab.context.newCDPSession(page)
    await line.send('Network.emulateNetworkConditions', { offline: false, latency: 800, downloadThroughput: 60_000, uploadThroughput: 30_000 })
    await page.locator('nav.navigation a[href="/inbox/todo"]').click()
    await page.locator('.rows [role=status]').waitFor()
    await shoot0(page, 'load-slow')
    await rows(page).first().waitFor()
    await page.locator('[data-test=complete]').waitFor()
    const text = '慢网络下写的意见'
    await page.getByLabel('审批意见').fill(text)
    const task = new URL(page.url()).searchParams.get('task')
    const took = await leaves(page)
    assert.ok(took < 500 * patience, `the row left after ${took} ms`)
    assert.equal((await shared.busy.get('/tasks/' + task)).state, 'open')
    await until(async () => (await shared.busy.get('/tasks/' + task)).state === 'completed', 'the decision has arrived', 30)
    assert.equal((await shared.busy.get('/tasks/' + task)).comment ?? text, text)
    await tab.close()
  },

  async 'a function is away: said with a way to try again, and nothing that was written is lost'({ browser, url, shared }) {
    const tab = await open(browser, url)
    tab.forgive(/503/)
    tab.forgive(/ERR_FAILED/)
    const { page } = tab
    await page.route(/\/api\/v1\/tasks\?/, (route) => route.fulfill(away()))
    await login(page, shared.who, '/inbox/todo')
    const problem = page.locator('.rows [role=alert]')
    await problem.waitFor()
    assert.match(await problem.innerText(), /服务暂不可用[\s\S]*0af7651916cd43dd8448eb211c80319c/)
    await shoot(page, 'load-away')
    await accessible(page, 'load-away')
    await page.unroute(/\/api\/v1\/tasks\?/)
    await problem.getByRole('button', { name: '重试' }).click()
    await rows(page).first().waitFor()

    // A decision that is refused comes back.
    const task = new URL(page.url()).searchParams.get('task')
    await page.locator('[data-test=complete]').waitFor()
    await page.route(/\/complete$/, (route) => route.fulfill(away()))
    await page.getByLabel('审批意见').fill('不能丢的意见')
    const taken = page.locator('li[aria-current=true]')
    const count = await rows(page).count()
    assert.equal(await taken.count(), 1)
    await leaves(page)
    await page.locator('.el-notification', { hasText: '服务暂不可用' }).waitFor({ timeout: 30_000 * patience })
    await until(async () => (await rows(page).count()) >= count, 'the row is back')
    assert.equal((await shared.busy.get('/tasks/' + task)).state, 'open')
    await tab.close()
  },

  async 'an opinion stays with its task while others are looked at, and when sending it fails'({ browser, url, shared }) {
    const tab = await open(browser, url)
    tab.forgive(/503|ERR_FAILED/)
    const { page } = tab
    await login(page, shared.who, '/inbox/todo')
    await page.locator('[data-test=complete]').waitFor()
    const task = new URL(page.url()).searchParams.get('task')
    const opinion = page.getByLabel('审批意见')
    await opinion.fill('写到一半')
    await rows(page).nth(1).click()
    await until(async () => (await opinion.inputValue().catch(() => null)) === '', 'another task is shown')
    await rows(page).nth(0).click()
    await until(async () => (await opinion.inputValue().catch(() => null)) === '写到一半', 'the opinion is there again')
    await page.route(/\/complete$/, (route) => route.abort('failed'))
    await leaves(page)
    await page.locator('.el-notification', { hasText: '网络连接已断开' }).waitFor({ timeout: 30_000 * patience })
    await rows(page).nth(0).click()
    await until(async () => (await opinion.inputValue().catch(() => null)) === '写到一半', 'nothing is lost')
    assert.equal(new URL(page.url()).searchParams.get('task'), task)
    await page.unroute(/\/complete$/)
    await page.route(/\/form$/, async (route) => {
      await new Promise((done) => setTimeout(done, 2000))
      await route.continue().catch(() => null)
    })
    await page.locator('[data-test=complete]').click()
    await until(async () => (await shared.busy.get('/tasks/' + task)).state === 'completed', 'now it is done', 30)
    await tab.close()
  },
}

/** A picture of what is only seen while something loads. */
const shoot0 = (page, name) => page.screenshot({ path: `test-results/${name}.png` })
