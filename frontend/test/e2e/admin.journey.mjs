// Administration: people, roles, departments, settings, channels. What is done on the pages is asked of the server.
import assert from 'node:assert/strict'
import { accessible, login, open, shootRoute } from './browser.mjs'
import { Caller } from './product.mjs'
import { receiver } from './receiver.mjs'

const field = (page, label) => page.locator('.el-drawer:visible').getByLabel(label, { exact: true })
const save = (page) => page.locator('.el-drawer:visible .save').click()
const closed = (page) => page.locator('.el-drawer__body').waitFor({ state: 'hidden' })

/** Chooses an option of a select by its label. */
async function choose(page, select, option) {
  await select.click()
  await page.locator('.el-select-dropdown__item:visible', { hasText: option }).first().click()
}
/** Chooses from the menu of the row that has a text. */
async function act(page, row, action) {
  await page.locator('tr, li', { hasText: row }).locator('.row-menu').first().click()
  await page.locator('.el-dropdown-menu__item:visible', { hasText: action }).first().click()
}
const confirmed = (page) => page.locator('.el-message-box .el-button--danger, .el-message-box .el-button--primary').last().click()

/** Asks again until it holds, for as many milliseconds as the product promises. */
async function within(milliseconds, holds, what) {
  const end = Date.now() + milliseconds
  while (Date.now() < end) {
    if (await holds()) return
    await new Promise((done) => setTimeout(done, 100))
  }
  assert.fail(what)
}

export const prepare = async (url) => ({ admin: new Caller(url, 'admin'), tag: Date.now().toString(36) })

export const journeys = {
  async 'a user is made with a role, sees what the role allows, and is out when disabled'({ browser, url, shared }) {
    const name = `au${shared.tag}`
    const tab = await open(browser, url)
    const { page } = tab
    await login(page, 'admin', '/admin/users')
    await page.getByRole('button', { name: '新建用户' }).click()
    await field(page, '用户名').fill(name)
    await field(page, '姓名').fill('审计小李')
    await field(page, '初始密码').fill('short')
    tab.forgive(/status of 422/)
    await save(page)
    await page.locator('.el-form-item.is-error').first().waitFor() // the server's word at the field
    await field(page, '初始密码').fill('Diom-demo-1')
    await choose(page, page.locator('.el-drawer .el-form-item', { hasText: '角色' }).locator('.el-select').first(), '审计员')
    await page.keyboard.press('Escape')
    await page.locator('.el-drawer .el-form-item', { hasText: '下次登录须修改密码' }).locator('.el-switch').click()
    await accessible(page, 'admin-user-form')
    await save(page)
    await closed(page)
    const user = (await shared.admin.get(`/users?q=${name}`)).items[0]
    assert.deepEqual([user.displayName, user.roles.sort(), user.mustChangePassword], ['审计小李', ['AUDITOR', 'EMPLOYEE'], false])

    const theirs = await open(browser, url)
    await login(theirs.page, name, '/admin/audit')
    const navigation = theirs.page.locator('nav.navigation')
    await navigation.getByText('审计日志').waitFor()
    assert.equal(await navigation.getByText('系统设置').count(), 0)
    await theirs.page.locator('tbody', { hasText: 'user.create' }).waitFor()
    await theirs.page.goto('/admin/users')
    await theirs.page.getByText('SYS_USER').waitFor()
    await theirs.close()

    const person = new Caller(url, name)
    await person.get('/people?limit=1')
    await page.getByPlaceholder('按用户名或姓名开头查找').fill(name)
    await page.locator('tbody tr', { hasText: name }).waitFor()
    await act(page, name, '停用')
    await page.getByText('停用 审计小李？').waitFor()
    await confirmed(page)
    await within(2500, async () => (await person.raw('GET', '/api/v1/people?limit=1')).status === 401, 'the token of a disabled user still works')
    assert.equal((await shared.admin.get(`/users/${user.id}`)).enabled, false)
    await tab.close()
  },
  async 'who was slower sees what somebody else has changed, and keeps his own'({ browser, url, shared }) {
    const user = await shared.admin.post('/users', { username: `st${shared.tag}`, displayName: '旧名', password: 'Diom-demo-1', roles: ['EMPLOYEE'] })
    const tab = await open(browser, url)
    tab.forgive(/status of 412/)
    const { page } = tab
    await login(page, 'admin', `/admin/users?q=${user.username}`)
    await page.locator('tbody tr', { hasText: user.username }).click()
    await field(page, '姓名').fill('我的名字')
    await shared.admin.call('PUT', `/users/${user.id}`, { displayName: '他人的名字', title: '新岗位' })
    await save(page)
    await page.locator('.refused', { hasText: '他人的名字' }).waitFor()
    assert.equal((await shared.admin.get(`/users/${user.id}`)).displayName, '他人的名字')
    await page.getByRole('button', { name: '以我的内容保存' }).click()
    await closed(page)
    assert.equal((await shared.admin.get(`/users/${user.id}`)).displayName, '我的名字')
    await tab.close()
  },
  async 'a role is made by ticking permissions, and what goes with them is offered'({ browser, url, shared }) {
    const code = `R${shared.tag.toUpperCase()}`
    const tab = await open(browser, url)
    const { page } = tab
    await login(page, 'admin', '/admin/roles')
    await page.getByRole('button', { name: '新建角色' }).click()
    await field(page, '编码').fill(code)
    await field(page, '名称').fill('部署员')
    await page.locator('.el-drawer .el-checkbox', { hasText: 'WORKFLOW_DEPLOY' }).click()
    await page.getByRole('button', { name: '一并授予' }).click()
    await choose(page, page.locator('.el-drawer .el-form-item', { hasText: '数据范围' }).locator('.el-select'), '所在部门及下级')
    await save(page)
    await closed(page)
    const role = (await shared.admin.get('/roles?limit=100')).items.find((r) => r.code === code)
    assert.deepEqual(role.permissions.sort(), ['WORKFLOW_DEFINITION', 'WORKFLOW_DEPLOY'])
    assert.equal((await shared.admin.get(`/roles/${role.id}/scope`)).dataScope, 'below')
    await act(page, code, '删除')
    await confirmed(page)
    await within(3000, async () => !(await shared.admin.get('/roles?limit=100')).items.some((r) => r.code === code), 'the role is still there')
    await tab.close()
  },
  async 'a department is added below another one and moved to the top'({ browser, url, shared }) {
    const code = `d-${shared.tag}`
    const find = async () => (await shared.admin.get('/departments?limit=100')).items.find((d) => d.code === code)
    const tab = await open(browser, url)
    const { page } = tab
    await login(page, 'admin', '/admin/departments')
    await act(page, '研发部', '添加下级部门')
    await field(page, '编码').fill(code)
    await field(page, '名称').fill('测试组')
    await save(page)
    await closed(page)
    const parent = (await shared.admin.get('/departments?limit=100')).items.find((d) => d.code === 'rd')
    assert.equal((await find()).parentId, parent.id)
    await act(page, code, '编辑或移动')
    const above = page.locator('.el-drawer .el-form-item', { hasText: '上级部门' }).locator('.el-select')
    await above.hover()
    await above.locator('.el-select__clear').click()
    await save(page)
    await closed(page)
    assert.equal((await find()).parentId, '')
    await act(page, code, '删除')
    await confirmed(page)
    await within(3000, async () => !(await find()), 'the department is still there')
    await tab.close()
  },
  async 'a changed setting holds at once, and its default comes back'({ browser, url, shared }) {
    const tab = await open(browser, url)
    const { page } = tab
    await login(page, 'admin', '/admin/settings?q=password.min')
    await page.getByRole('button', { name: '编辑 password.min_length' }).click()
    await page.locator('.el-drawer input').last().fill('14')
    await save(page)
    await closed(page)
    await page.getByText('已设置').waitFor()
    const refused = async () => (await shared.admin.raw('POST', '/api/v1/users', { username: `pw${shared.tag}${Date.now() % 1000}`, password: 'Diom-demo-1' })).status === 422
    await within(2500, refused, 'the setting has no effect')
    await page.getByRole('button', { name: '恢复默认' }).click()
    await confirmed(page)
    await within(2500, async () => !(await refused()), 'the default is not back')
    await tab.close()
  },
  async 'a channel is made and tested, and the answer of its receiver is shown'({ browser, url, shared }) {
    const far = await receiver({ status: 200, answer: '{"hello":"from far"}' })
    const tab = await open(browser, url)
    const { page } = tab
    await login(page, 'admin', '/admin/channels')
    await page.getByRole('button', { name: '新建渠道' }).click()
    await field(page, '名称').fill(`渠道${shared.tag}`)
    await choose(page, page.locator('.el-drawer .el-form-item', { hasText: '类型' }).locator('.el-select').first(), 'Webhook')
    await field(page, '地址').fill(far.url + '/hook')
    await page.locator('.el-drawer').getByRole('button', { name: '生成' }).click()
    await save(page)
    await closed(page)
    const row = page.locator('tbody tr', { hasText: `渠道${shared.tag}` })
    await row.getByRole('button', { name: '测试', exact: true }).click()
    await page.getByRole('button', { name: '发送测试消息' }).click()
    await page.locator('.answer', { hasText: 'from far' }).waitFor()
    assert.equal(far.got.length, 1)
    assert.match(far.got[0].headers['webhook-signature'], /^v1,/)
    await accessible(page, 'admin-channel-test')
    const channel = (await shared.admin.get('/channels?limit=100')).items.find((c) => c.name === `渠道${shared.tag}`)
    assert.equal(channel.kind, 'webhook')
    await shared.admin.call('DELETE', `/channels/${channel.id}`)
    await far.stop()
    await tab.close()
  },
  async 'a calendar gets the holidays of China, and words of a notification are tried and restored'({ browser, url, shared }) {
    const tab = await open(browser, url)
    const { page } = tab
    await login(page, 'admin', '/admin/calendars')
    await page.getByRole('button', { name: '新建日历' }).first().click()
    await choose(page, page.locator('.el-drawer:visible .el-form-item', { hasText: '部门' }).locator('.el-select').first(), '仓储部')
    await field(page, '编码').fill(`c${shared.tag}`)
    await field(page, '名称').fill('测试日历')
    await page.getByRole('button', { name: '填入 2026 年中国节假日' }).click()
    await save(page)
    await closed(page)
    const calendar = await shared.admin.get(`/calendars/c${shared.tag}`)
    assert.deepEqual([calendar.days['2026-10-01'], calendar.days['2026-10-10'], calendar.hours.sat], ['off', 'work', undefined])
    await accessible(page, 'admin-calendar')
    await shared.admin.call('DELETE', `/calendars/c${shared.tag}`)

    await page.goto('/admin/channels?tab=templates')
    await page.locator('article').first().getByRole('button', { name: '编辑' }).click()
    await field(page, '标题').fill('新任务 {subject}')
    await page.getByRole('button', { name: '预览' }).click()
    await page.locator('.preview').waitFor()
    await save(page)
    await closed(page)
    assert.equal((await shared.admin.get('/notification-templates/task.assigned/zh')).title, '新任务 {subject}')
    await page.locator('article').first().getByRole('button', { name: '恢复默认' }).click()
    await confirmed(page)
    await within(3000, async () => (await shared.admin.get('/notification-templates/task.assigned/zh')).title !== '新任务 {subject}', 'the words are not restored')
    await tab.close()
  },
  async 'another log-in is ended and is out within two seconds'({ browser, url, shared }) {
    const other = new Caller(url, 'sunqi')
    await other.get('/people?limit=1')
    const user = (await shared.admin.get('/users?q=sunqi')).items[0]
    const tab = await open(browser, url)
    const { page } = tab
    await login(page, 'admin', `/admin/sessions?user=${user.id}`)
    await page.locator('tbody tr').first().waitFor()
    await page.getByRole('button', { name: '结束全部登录' }).click()
    await confirmed(page)
    await within(3000, async () => (await other.raw('GET', '/api/v1/people?limit=1')).status === 401, 'the token still works')
    await tab.close()
  },
  async 'people come from a table: what is wrong is said by line, and nothing happens before it is asked for'({ browser, url, shared }) {
    const name = (who) => `${who}${shared.tag}`
    const found = async () => (await shared.admin.get(`/users?q=${name('im')}`)).items
    const tab = await open(browser, url)
    tab.forgive(/status of 422/)
    const { page } = tab
    await login(page, 'admin', '/admin/users')
    await page.getByRole('button', { name: '导入', exact: true }).click()
    const drawer = page.locator('.el-drawer:visible')
    const check = drawer.getByRole('button', { name: '检查' })
    await drawer.getByLabel('表格内容').fill(`username,displayName,department,roles\n${name('im')},周导,nowhere,EMPLOYEE\n`)
    await check.click()
    await drawer.locator('.refused li', { hasText: '第 2 行 · department' }).waitFor()
    assert.equal(await drawer.locator('.save').isEnabled(), false)
    // Chinese versions of Excel write GB 18030: 周导.
    const bytes = Buffer.concat([Buffer.from(`username,displayName,department,roles\r\n${name('im')},`), Buffer.from([0xd6, 0xdc, 0xb5, 0xbc]), Buffer.from(',rd,EMPLOYEE\r\n')])
    await drawer.locator('input[type=file]').setInputFiles({ name: 'people.csv', mimeType: 'text/csv', buffer: bytes })
    await check.click()
    await drawer.getByText('将新建 1 人，修改 0 人').waitFor()
    await accessible(page, 'admin-import')
    assert.deepEqual(await found(), [], 'a look has made somebody')
    await drawer.getByRole('button', { name: '导入 1 人' }).click()
    await closed(page)
    assert.deepEqual((await found()).map((u) => [u.displayName, u.department, u.roles]), [['周导', '研发部', ['EMPLOYEE']]])
    await tab.close()
  },
  async 'an address book is tried and then makes its people'({ browser, url, book, shared }) {
    const people = async () => (await shared.admin.get('/users?q=tangwei')).items
    const tab = await open(browser, url)
    const { page } = tab
    await login(page, 'admin', '/admin/identity')
    await page.getByText('head-office').waitFor()
    await accessible(page, 'admin-identity')
    await page.getByRole('button', { name: '试运行' }).click()
    const drawer = page.locator('.el-drawer:visible')
    await drawer.getByText('head-office 试运行').waitFor()
    await drawer.locator('li', { hasText: 'tangwei' }).waitFor({ timeout: 90_000 })
    await accessible(page, 'admin-identity-run')
    assert.deepEqual(await people(), [], 'a dry run has made somebody')
    await page.keyboard.press('Escape')
    await closed(page)
    await page.getByRole('button', { name: '同步', exact: true }).click()
    await page.locator('.el-dialog:visible .save').click()
    await drawer.getByText('head-office 同步').waitFor()
    await drawer.locator('li', { hasText: 'tangwei' }).waitFor({ timeout: 90_000 })
    const [tang] = await people()
    assert.deepEqual([tang.displayName, tang.title, tang.department], ['唐薇', '法务总监', '法务部'])
    assert.equal(book.people.length, 2)
    await tab.close()
  },
  async 'what is held cannot be deleted until the hold is lifted'({ browser, url, shared }) {
    const key = `held-${shared.tag}`
    const model = `<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="https://diom.io/test"><process id="${key}" isExecutable="true"><startEvent id="s"/><sequenceFlow id="f" sourceRef="s" targetRef="t"/><userTask id="t"/></process></definitions>`
    await shared.admin.deploy(key, [[`${key}.bpmn`, model]])
    const { instance } = await shared.admin.post(`/processes/${key}/start`, { businessKey: key })
    await shared.admin.post(`/instances/${instance.id}/cancel`, { reason: 'test' })
    const deleted = async () => (await shared.admin.raw('DELETE', `/api/v1/instances/${instance.id}`)).status
    const tab = await open(browser, url)
    const { page } = tab
    await login(page, 'admin', '/admin/holds')
    await page.getByRole('button', { name: '保留', exact: true }).first().click()
    await field(page, '业务编号').fill(key)
    await field(page, '原因').fill('配合审计')
    await accessible(page, 'admin-hold-form')
    await save(page)
    await closed(page)
    const row = page.locator('tbody tr', { hasText: key })
    await row.waitFor()
    assert.equal(await deleted(), 409)
    await row.getByRole('button', { name: '解除' }).click()
    await confirmed(page)
    await row.waitFor({ state: 'hidden' })
    assert.equal(await deleted(), 200)
    await tab.close()
  },
  async 'a backup is made and checked, and who only works on tasks sees none'({ browser, url, shared }) {
    const tab = await open(browser, url)
    const { page } = tab
    await login(page, 'admin', '/admin/backups')
    const whole = async () => (await shared.admin.get('/backups')).items.filter((b) => b.state === 'whole').length
    const before = await whole() // a new installation makes its first one by itself
    await page.getByRole('button', { name: '立即备份' }).click()
    await confirmed(page)
    await within(60_000, async () => (await whole()) > before, 'there is no whole backup')
    const rows = page.locator('tbody tr', { hasText: '全量' })
    await rows.nth((await whole()) - 1).waitFor()
    const row = rows.first()
    await row.getByText('可恢复').waitFor() // without a reload
    await row.getByRole('button', { name: '校验' }).click()
    await row.getByText('通过').waitFor({ timeout: 60_000 })
    const [made] = (await shared.admin.get('/backups')).items
    assert.deepEqual([made.kind, made.encrypted, made.signed, made.restorable, made.verified], ['full', true, true, true, 'passed'])
    await accessible(page, 'admin-backups')
    const employee = new Caller(url, 'zhangwei')
    await employee.get('/home') // logs in
    assert.equal((await employee.raw('GET', '/api/v1/backups')).status, 403)
    await tab.close()
  },
  async 'the data of who was disabled are erased once the username is typed'({ browser, url, shared }) {
    const user = await shared.admin.post('/users', { username: `er${shared.tag}`, displayName: '将被清除', email: 'gone@example.com', password: 'Diom-demo-1', roles: ['EMPLOYEE'] })
    await shared.admin.call('PUT', `/users/${user.id}`, { enabled: false })
    const tab = await open(browser, url)
    const { page } = tab
    tab.forgive(/status of 422/)
    await login(page, 'admin', `/admin/users?q=${user.username}`)
    await page.locator('tbody tr', { hasText: user.username }).waitFor()
    await act(page, user.username, '清除个人数据')
    await field(page, '原因').fill('本人申请')
    await field(page, `输入用户名 ${user.username} 以确认`).fill('somebody')
    await save(page)
    await page.locator('.el-form-item.is-error').first().waitFor()
    await field(page, `输入用户名 ${user.username} 以确认`).fill(user.username)
    await accessible(page, 'admin-erase')
    await save(page)
    await closed(page)
    const after = await shared.admin.get(`/users/${user.id}`)
    assert.match(after.displayName, /^erased-/)
    assert.equal(after.email, '')
    await page.goto('/admin/erasures')
    await page.locator('tbody tr', { hasText: user.username }).waitFor()
    await tab.close()
  },
  async 'screenshots'({ browser, url }) {
    const ready = '.data-list tbody tr, .data-list .item, .node, .setting, .month, .data-list .state, main .state, .card li'
    for (const page of ['users', 'departments', 'roles', 'permissions', 'identity', 'sessions', 'audit', 'holds', 'erasures', 'backups', 'channels', 'calendars', 'settings']) await shootRoute(browser, url, 'admin', `/admin/${page}`, `admin-${page}`, { ready })
    for (const [path, name] of [['roles?tab=groups', 'groups'], ['channels?tab=templates', 'templates'], ['channels?tab=deliveries', 'deliveries'], ['sessions?tab=tokens', 'tokens']]) await shootRoute(browser, url, 'admin', `/admin/${path}`, `admin-${name}`)
  },
}
