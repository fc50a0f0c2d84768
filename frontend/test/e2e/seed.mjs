// What the journeys of the work area need: a process with a form and approvals, and some requests.
import { readFileSync } from 'node:fs'
import { Caller } from './product.mjs'

const file = (name) => [name, readFileSync(new URL(`./models/${name}`, import.meta.url))]

export async function seed(url) {
  const designer = new Caller(url, 'zhouming')
  await designer.deploy('purchase', [file('purchase.bpmn'), file('purchase.form')])
  await designer.deploy('claim', [file('claim.bpmn'), file('claim.form')])
  const starter = new Caller(url, 'zhangwei')
  const request = (variables, businessKey) => starter.post('/processes/purchase/start', { variables, businessKey })
  const started = []
  for (const [item, amount, kind] of [['人体工学椅', 1280, 'office'], ['显示器两台', 3600, 'device'], ['差旅预订服务', 900, 'service']]) {
    started.push(await request({ item, amount, kind, needed: '2026-12-20', reason: `${item}，现有的已不够用。` }))
  }
  return { starter, request, started }
}

if (process.argv[1]?.endsWith('seed.mjs')) await seed(process.env.DIOM_URL)
