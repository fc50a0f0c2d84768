// The developer's pages: the API and its tokens, events from other systems, webhooks.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { accessible, login, open, shootRoute } from './browser.mjs'
import { Caller } from './product.mjs'
import { receiver } from './receiver.mjs'

const field = (page, label) => page.locator('.el-drawer:visible').getByLabel(label, { exact: true })
const save = (page) => page.locator('.el-drawer:visible .save').click()
const closed = (page) => page.locator('.el-drawer__body').waitFor({ state: 'hidden' })

export const prepare = async (url) => ({ admin: new Caller(url, 'admin'), tag: Date.now().toString(36) })

export const journeys = {
  async 'an operation is found, tried, and shown as a command'({ browser, url }) {
    const tab = await open(browser, url)
    const { page } = tab
    await login(page, 'admin', '/dev/api')
    await page.getByPlaceholder('按路径、说明或权限查找').fill('get /api/v1/roles SYS_ROLE')
    await page.locator('.entry', { hasText: 'List roles' }).click()
    await page.getByRole('heading', { name: 'List roles' }).waitFor()
    await page.locator('#p-limit').fill('2')
    assert.match(await page.locator('.try pre').first().innerText(), /roles\?limit=2/)
    await page.getByRole('button', { name: '发送请求' }).click()
    await page.locator('.tried', { hasText: 'AUDITOR' }).waitFor()
    assert.match(await page.locator('.tried').innerText(), /^200/)
    await accessible(page, 'dev-api-tried')
    await tab.close()
  },
  async 'a token is made, shown once, works with its permissions, and is revoked'({ browser, url, shared }) {
    const tab = await open(browser, url)
    const { page } = tab
    await login(page, 'admin', '/dev/api?tab=tokens')
    await page.getByRole('button', { name: '新建令牌' }).click()
    await field(page, '名称').fill(`令牌${shared.tag}`)
    await page.locator('.el-drawer .el-form-item', { hasText: '权限' }).locator('.el-select').first().click()
    await page.locator('.el-select-dropdown__item:visible', { hasText: 'SYS_GROUP' }).click()
    await page.keyboard.press('Escape')
    await save(page)
    const token = await page.locator('.secret code').innerText()
    assert.match(token, /^diom_/)
    await accessible(page, 'dev-token')
    await page.getByRole('button', { name: '我已保存' }).click()
    const ask = async (path) => (await fetch(url + path, { headers: { Authorization: `Bearer ${token}` } })).status
    assert.equal(await ask('/api/v1/groups'), 200)
    assert.equal(await ask('/api/v1/users'), 403)
    await page.locator('tbody tr', { hasText: `令牌${shared.tag}` }).getByRole('button', { name: '吊销' }).click()
    await page.locator('.el-message-box .el-button--danger').click()
    const end = Date.now() + 3000
    let status = 200
    while (status !== 401 && Date.now() < end) status = await ask('/api/v1/groups')
    assert.equal(status, 401)
    await tab.close()
  },
  async 'an event source is registered, and the script on the page sends it an event'({ browser, url, shared }) {
    const source = `https://crm.example/${shared.tag}`
    const tab = await open(browser, url)
    const { page } = tab
    await login(page, 'admin', '/dev/events?tab=sources')
    await page.getByRole('button', { name: '登记来源' }).click()
    await field(page, '来源').fill(source)
    await page.locator('.el-drawer').getByRole('button', { name: '生成' }).click()
    await save(page)
    const key = await page.locator('.secret code').innerText()
    await page.getByRole('button', { name: '我已保存' }).click()
    const kept = (await shared.admin.get('/event-sources?limit=100')).items.find((s) => s.source === source)
    assert.deepEqual(kept.types, ['com.example.order.placed.v1'])
    await page.locator('tbody tr', { hasText: source }).locator('.row-menu').click()
    await page.locator('.el-dropdown-menu__item:visible', { hasText: '发送测试事件' }).click()
    const script = await page.locator('.el-dialog pre').innerText()
    const answer = execFileSync('bash', ['-c', script.replaceAll(new URL(page.url()).origin, url)], { env: { ...process.env, KEY: key }, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
    assert.match(answer, /^HTTP\/1.1 202/)
    await accessible(page, 'dev-send-event')
    await shared.admin.call('DELETE', `/event-sources/${kept.id}`)
    await tab.close()
  },
  async 'a webhook is made, tested, and its receiver is heard'({ browser, url, shared }) {
    const far = await receiver({ status: 418, answer: 'a teapot' })
    const tab = await open(browser, url)
    const { page } = tab
    await login(page, 'admin', '/dev/webhooks')
    await page.getByRole('button', { name: '新建 Webhook' }).click()
    await field(page, '名称').fill(`钩子${shared.tag}`)
    await field(page, '地址').fill(far.url)
    await save(page)
    assert.match(await page.locator('.secret code').innerText(), /^whsec_/)
    await page.getByRole('button', { name: '我已保存' }).click()
    await page.locator('tbody tr', { hasText: `钩子${shared.tag}` }).getByRole('button', { name: '测试', exact: true }).click()
    await page.locator('.answer', { hasText: 'a teapot' }).waitFor()
    assert.match(far.got[0].headers['content-type'], /cloudevents/)
    const webhook = (await shared.admin.get('/webhooks?limit=100')).items.find((w) => w.name === `钩子${shared.tag}`)
    await shared.admin.call('DELETE', `/webhooks/${webhook.id}`)
    await far.stop()
    await tab.close()
  },
  async 'the catalogue shows what an event holds'({ browser, url }) {
    const tab = await open(browser, url)
    const { page } = tab
    await login(page, 'admin', '/dev/events')
    await page.getByPlaceholder('查找事件').fill('task.created')
    await page.locator('.el-collapse-item__header', { hasText: 'task.created' }).click()
    await page.locator('.fields', { hasText: 'taskId' }).waitFor()
    await accessible(page, 'dev-events-open')
    await tab.close()
  },
  async 'screenshots'({ browser, url }) {
    await shootRoute(browser, url, 'admin', '/dev/api?operation=postUsers', 'dev-api', { ready: '.operation' })
    await shootRoute(browser, url, 'admin', '/dev/events', 'dev-events', { ready: '.el-collapse-item' })
    await shootRoute(browser, url, 'admin', '/dev/events?tab=sources', 'dev-sources', { ready: '.data-list' })
    await shootRoute(browser, url, 'admin', '/dev/events?tab=bindings', 'dev-bindings', { ready: '.data-list' })
    await shootRoute(browser, url, 'admin', '/dev/webhooks', 'dev-webhooks', { ready: '.data-list' })
  },
}
