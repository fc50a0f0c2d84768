// The design area: a process from nothing to a published version, a form, a decision, categories, and what a phone shows.
import assert from 'node:assert/strict'
import { accessible, login, open, shootRoute } from './browser.mjs'
import { Caller } from './product.mjs'

const designer = 'zhouming'
const table = (key) => `<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" xmlns:dmndi="https://www.omg.org/spec/DMN/20191111/DMNDI/" xmlns:dc="http://www.omg.org/spec/DMN/20180521/DC/" id="definitions_${key}" name="折扣" namespace="https://diom.io/decisions">
<decision id="${key}" name="折扣"><decisionTable id="table" hitPolicy="FIRST"><input id="i1" label="金额"><inputExpression id="e1" typeRef="number"><text>amount</text></inputExpression></input><output id="o1" label="折扣" name="discount" typeRef="number"/>
<rule id="r1"><inputEntry id="x1"><text>&gt;= 1000</text></inputEntry><outputEntry id="y1"><text>0.1</text></outputEntry></rule><rule id="r2"><inputEntry id="x2"><text></text></inputEntry><outputEntry id="y2"><text>0</text></outputEntry></rule></decisionTable></decision>
<dmndi:DMNDI><dmndi:DMNDiagram><dmndi:DMNShape dmnElementRef="${key}"><dc:Bounds height="80" width="180" x="160" y="100"/></dmndi:DMNShape></dmndi:DMNDiagram></dmndi:DMNDI></definitions>`
const sheet = (key) => JSON.stringify({ id: key, type: 'default', schemaVersion: 18, components: [{ id: 'reason', key: 'reason', type: 'textarea', label: '原因' }, { id: 'days', key: 'days', type: 'number', label: '天数', validate: { required: true } }, { id: 'costs', key: 'costs', type: 'lineItems', label: '费用', totals: [{ key: 'total', sum: 'amount' }], components: [{ id: 'amount', key: 'amount', type: 'money', label: '金额' }] }] })

export async function prepare(url) {
  const api = new Caller(url, designer)
  const run = Date.now().toString(36)
  const names = { process: 'car-' + run, form: 'sheet-' + run, decision: 'discount-' + run, category: 'c-' + run }
  await api.post('/designs', { kind: 'form', key: names.form, name: '请假单', content: sheet(names.form) })
  await api.post('/designs', { kind: 'dmn', key: names.decision, name: '折扣', content: table(names.decision) })
  return { api, ...names }
}

/** That the mark of bpmn.io is seen whole, with nothing above it. */
async function watermark(page, selector) {
  const mark = page.locator(selector).first()
  await mark.waitFor()
  const hit = await mark.evaluate((el) => {
    const box = el.getBoundingClientRect()
    const points = [[0.5, 0.5], [0.1, 0.2], [0.9, 0.8]].map(([x, y]) => document.elementFromPoint(box.left + box.width * x, box.top + box.height * y))
    return box.width > 20 && points.every((p) => p && (el.contains(p) || p.contains(el)))
  })
  assert.ok(hit, `${selector} is covered or not shown`)
}
/** What the editors of forms and decisions break themselves. */
const inForms = ['aria-allowed-attr', 'aria-required-children', 'button-name', 'color-contrast', 'label', 'nested-interactive', 'scrollable-region-focusable', 'select-name', 'svg-img-alt', 'target-size']
const inDecisions = ['aria-input-field-name', 'color-contrast', 'empty-table-header', 'label', 'scrollable-region-focusable', 'td-headers-attr']

const designOf = async (api, kind, key) => (await api.get(`/designs?kind=${kind}&key=${key}`)).items[0]

export const journeys = {
  async 'a process is made, changed, checked, saved, compared and published'({ browser, url, shared: { api, process } }) {
    const tab = await open(browser, url)
    tab.forgive(/status of 422 .*\/validate/)
    const { page } = tab
    await login(page, designer, '/design/processes')
    await page.getByRole('button', { name: '新建流程' }).first().click()
    await page.locator('#new-name').fill('用车申请')
    await page.locator('#new-key').fill(process)
    await page.getByRole('button', { name: '创建' }).click()
    await page.locator('[data-element-id=approve]').click()
    await page.getByText('没有发现问题').waitFor()
    await watermark(page, '.bjs-powered-by')
    await page.locator('.djs-minimap .toggle').click()
    await page.locator('.djs-minimap.open .map svg').waitFor()
    await page.locator('.djs-minimap .toggle').click()
    await accessible(page, 'designer')

    // The task gets another name by the panel; undoing takes it back.
    const name = page.getByRole('textbox', { name: '名称', exact: true })
    await name.fill('部门审批')
    await name.blur()
    await page.locator('[data-element-id=approve]').getByText('部门审批').waitFor()
    await page.getByText('● 未保存').waitFor()

    // A flow is deleted: what is behind cannot be reached any more, and the task is a dead end.
    await page.locator('.canvas').click({ position: { x: 400, y: 600 } })
    await page.locator('[data-element-id=flow_approve_decided]').click({ force: true })
    await page.keyboard.press('Delete')
    await page.locator('.problem').first().waitFor()
    assert.match(await page.locator('.problems').innerText(), /decided/)
    await page.locator('.problem-badge').first().waitFor()
    await page.screenshot({ path: 'test-results/design-problems.png' })
    await page.getByRole('button', { name: '撤销' }).click()
    await page.getByText('没有发现问题').waitFor()

    const save = async (comment) => {
      await page.getByRole('button', { name: '保存' }).click()
      await page.getByRole('dialog').getByRole('textbox').fill(comment)
      await page.getByRole('dialog').getByRole('button', { name: '保存' }).click()
      await page.getByText(/已保存为 v/).waitFor()
    }
    await save('任务改名')
    let design = await designOf(api, 'bpmn', process)
    assert.equal(design.version, 2)
    assert.match((await api.get(`/designs/${design.id}`)).content, /name="部门审批"/)

    await page.getByRole('link', { name: '版本' }).click()
    await page.getByRole('button', { name: '改动' }).first().click()
    await page.locator('.list').getByText('部门审批').first().waitFor()
    await page.locator('.mark-changed').first().waitFor()
    await accessible(page, 'design-diff')

    await page.getByRole('link', { name: '发布' }).click()
    await page.locator('button.publish').click()
    await page.getByText(/已发布，定义版本 1/).waitFor()
    design = await designOf(api, 'bpmn', process)
    assert.equal(design.state, 'published')
    const [definition] = (await api.get(`/definitions?key=${process}&latest=true`)).items
    assert.equal(definition.version, 1)
    await tab.close()
  },
  async 'somebody saves meanwhile: both are shown, and mine goes over it'({ browser, url, shared: { api, process } }) {
    const tab = await open(browser, url)
    tab.forgive(/status of 412/)
    const { page } = tab
    await login(page, designer, '/design/processes/' + process)
    await page.locator('[data-element-id=approve]').click()
    const design = await designOf(api, 'bpmn', process)
    const { content } = await api.get(`/designs/${design.id}`)
    await fetch(`${url}/api/v1/designs/${design.id}`, { method: 'PUT', headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${api.token}`, 'If-Match': `"${design.version}"` }, body: JSON.stringify({ content: content.replace('部门审批', '他人改名') }) })
    const name = page.getByRole('textbox', { name: '名称', exact: true })
    await name.fill('我的改名')
    await name.blur()
    await page.getByRole('button', { name: '保存' }).click()
    await page.getByRole('dialog').getByRole('button', { name: '保存' }).click()
    await page.getByText('别人先保存了').waitFor()
    await page.getByRole('dialog').locator('.mark-changed').first().waitFor()
    await page.screenshot({ path: 'test-results/design-conflict.png' })
    await page.getByRole('button', { name: '用我的覆盖' }).click()
    await page.getByText(/已保存为 v/).waitFor()
    assert.match((await api.get(`/designs/${design.id}`)).content, /我的改名/)
    await tab.close()
  },
  async 'leaving with changes asks first'({ browser, url, shared: { process } }) {
    const tab = await open(browser, url)
    const { page } = tab
    await login(page, designer, '/design/processes/' + process)
    await page.locator('[data-element-id=approve]').click()
    const name = page.getByRole('textbox', { name: '名称', exact: true })
    await name.fill('不要了')
    await name.blur()
    await page.getByText('● 未保存').waitFor()
    await page.getByRole('link', { name: '表单设计' }).click()
    await page.getByText('有未保存的修改').waitFor()
    await page.getByRole('button', { name: '放弃修改' }).click()
    await page.getByRole('heading', { name: '表单设计' }).waitFor()
    await tab.close()
  },
  async 'a form is designed in Chinese, previewed and published'({ browser, url, shared: { api, form } }) {
    const tab = await open(browser, url)
    const { page } = tab
    await login(page, designer, '/design/forms/' + form)
    await page.locator('.fjs-palette').getByText('单行文本').waitFor()
    // Our own fields are in the palette, each with its picture; line items are kept with their key.
    for (const own of ['人员', '部门', '金额', '附件', '签名', '明细']) await page.locator('.fjs-palette-field', { hasText: own }).locator('svg path').first().waitFor()
    await watermark(page, '.fjs-powered-by')
    await page.locator('.fjs-editor-container .fjs-element').filter({ hasText: '原因' }).last().click()
    await page.locator('.bio-properties-panel-header').getByText('多行文本').waitFor()
    await page.locator('.el-radio-button').filter({ hasText: '预览' }).click()
    await page.locator('.form-view').getByText('天数').waitFor()
    await page.getByRole('link', { name: '发布' }).click()
    await page.locator('button.publish').click()
    await page.getByText(/已发布，定义版本 1/).waitFor()
    assert.equal((await api.get(`/forms?key=${form}`)).items.length, 1)
    await tab.close()
  },
  async 'a decision is published and tried'({ browser, url, shared: { decision } }) {
    const tab = await open(browser, url)
    const { page } = tab
    await login(page, designer, `/design/decisions/${decision}/publish`)
    await page.locator('button.publish').click()
    await page.getByText(/已发布，定义版本 1/).waitFor()
    await page.getByRole('link', { name: '编辑' }).click()
    await page.getByText('命中策略').first().waitFor()
    await watermark(page, '.bjs-powered-by')
    await page.getByRole('button', { name: '测试' }).click()
    await page.getByRole('textbox', { name: '值（JSON 或文本）' }).fill('1200')
    await page.getByRole('button', { name: '求值' }).click()
    await page.locator('.result').getByText('0.1').waitFor()
    await accessible(page, 'decision-test')
    await tab.close()
  },
  async 'a category is made and named on a design'({ browser, url, shared: { category } }) {
    const tab = await open(browser, url)
    const { page } = tab
    await login(page, designer, '/design/categories')
    await page.getByRole('button', { name: '新建分类' }).click()
    await page.locator('#category-name').fill('人事 ' + category)
    await page.locator('#category-code').fill(category)
    await page.getByRole('dialog').getByRole('button', { name: '保存' }).click()
    await page.getByText('人事 ' + category).waitFor()
    await tab.close()
  },
  async 'who may not design is told so'({ browser, url }) {
    const tab = await open(browser, url)
    await login(tab.page, 'zhangwei', '/design/processes')
    await tab.page.getByText('WORKFLOW_DESIGN').waitFor()
    await tab.close()
  },
  async 'screenshots'({ browser, url, shared: { process, form, decision } }) {
    const shoot = (path, name, options) => shootRoute(browser, url, designer, path, 'design-' + name, { forgive: /status of 422 .*\/validate/, ...options })
    await shoot('/design/processes', 'processes', { ready: '.data-list' })
    await shoot('/design/processes/' + process, 'process', { ready: '.djs-shape' })
    await shoot(`/design/processes/${process}/versions`, 'versions', { ready: '.data-list' })
    await shoot(`/design/processes/${process}/diff/1/2`, 'diff', { ready: '.legend' })
    await shoot(`/design/processes/${process}/publish`, 'publish', { ready: 'button.publish' })
    // What form-js and dmn-js draw themselves breaks rules that are not ours to repair; each is named here.
    await shoot('/design/forms/' + form, 'form', { ready: '.fjs-container', theirs: { '.fjs-editor-container': inForms } })
    await shoot('/design/decisions/' + decision, 'decision', { ready: '.dmn-board .tjs-table', theirs: { '.dmn-board': inDecisions } })
    await shoot('/design/templates', 'templates', { ready: '.data-list' })
    await shoot('/design/categories', 'categories', { ready: '.data-list' })
  },
}
