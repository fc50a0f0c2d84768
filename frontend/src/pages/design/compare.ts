import { diomModdle } from './process/diom'

export type Mark = 'added' | 'removed' | 'changed' | 'moved' | 'chosen'
export type Marks = Record<string, Mark>

/** What is another in one file of BPMN than in the other, by the ids of elements: in the older, and in the newer one. */
export async function compare(before: string, after: string): Promise<{ before: Marks; after: Marks }> {
  const [{ BpmnModdle }, { diff }, camunda] = await Promise.all([import('bpmn-moddle'), import('bpmn-js-differ'), import('camunda-bpmn-moddle/resources/camunda.json')])
  const read = async (xml: string) => (await new BpmnModdle({ camunda: (camunda as { default?: object }).default ?? camunda, diom: diomModdle } as never).fromXML(xml)).rootElement
  const found = diff(await read(before), await read(after)) 
  const marks = { before: {} as Marks, after: {} as Marks }
  for (const id of Object.keys(found._layoutChanged)) marks.before[id] = marks.after[id] = 'moved'
  for (const id of Object.keys(found._changed)) marks.before[id] = marks.after[id] = 'changed'
  for (const id of Object.keys(found._removed)) marks.before[id] = 'removed'
  for (const id of Object.keys(found._added)) marks.after[id] = 'added'
  return marks
}
