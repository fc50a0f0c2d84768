import type { Moddle } from '../process/modeler'

/** What is written: properties of an element of moddle. Every write makes new objects, so that undoing finds the old ones. */
export interface Change {
  target: Moddle
  properties: Record<string, unknown>
}
/** What is needed to write. */
export interface Context {
  create: (type: string, attributes?: Record<string, unknown>) => Moddle
  definitions: Moddle
}

export const list = (of: Moddle | undefined, name: string) => (of?.get(name) ?? []) as Moddle[]

/** The extension elements of one type, such as `camunda:ExecutionListener`. */
export function extensionsOf(element: Moddle, type: string): Moddle[] {
  return list(element.get('extensionElements') as Moddle | undefined, 'values').filter((v) => v.$type === type)
}
export const extensionOf = (element: Moddle, type: string): Moddle | undefined => extensionsOf(element, type)[0]

/** Makes these the extension elements of their type; the others, known or not, stay where they are. */
export function withExtensions(context: Context, element: Moddle, type: string, wanted: Moddle[]): Change {
  const present = list(element.get('extensionElements') as Moddle | undefined, 'values')
  const at = present.findIndex((v) => v.$type === type)
  const others = present.filter((v) => v.$type !== type)
  const before = at < 0 ? others.length : present.slice(0, at).filter((v) => v.$type !== type).length
  const values = [...others.slice(0, before), ...wanted, ...others.slice(before)]
  if (values.length === 0) return { target: element, properties: { extensionElements: undefined } }
  const holder = context.create('bpmn:ExtensionElements', { values })
  holder.$parent = element
  for (const v of wanted) v.$parent = holder
  return { target: element, properties: { extensionElements: holder } }
}

const empty = (value: unknown) => value === undefined || value === null || value === ''

/** What moddle knows of an element: its attributes and children, without what is derived. */
export function attributesOf(element: Moddle | undefined): Record<string, unknown> {
  const out: Record<string, unknown> = {}
  if (!element) return out
  for (const [name, value] of Object.entries(element)) if (!name.startsWith('$') && !empty(value)) out[name] = value
  return out
}

/** Changes attributes of the one extension element of a type; it goes when nothing is left of it, unless it shall stay. */
export function withAttributes(context: Context, element: Moddle, type: string, attributes: Record<string, unknown>, stay = false): Change {
  const merged = { ...attributesOf(extensionOf(element, type)), ...attributes }
  const kept = Object.fromEntries(Object.entries(merged).filter(([, value]) => !empty(value)))
  const gone = Object.keys(kept).length === 0 && !stay
  return withExtensions(context, element, type, gone ? [] : [context.create(type, kept)])
}

/** A copy of an element of moddle with other attributes. */
export function altered(context: Context, element: Moddle, attributes: Record<string, unknown>): Moddle {
  const merged = { ...attributesOf(element), ...attributes }
  return context.create(element.$type, Object.fromEntries(Object.entries(merged).filter(([, value]) => !empty(value))))
}

/** An expression such as a condition, or nothing for an empty text. */
export function formal(context: Context, parent: Moddle, body: string): Moddle | undefined {
  if (!body.trim()) return undefined
  const made = context.create('bpmn:FormalExpression', { body })
  made.$parent = parent
  return made
}

/** The parts of a list with commas; commas inside of ${…} and #{…} belong to the expression. */
export function splitList(text: string): string[] {
  const parts: string[] = []
  let depth = 0
  let part = ''
  for (const c of text) {
    if (c === '{') depth++
    if (c === '}') depth = Math.max(0, depth - 1)
    if (c === ',' && depth === 0) {
      parts.push(part)
      part = ''
    } else part += c
  }
  return [...parts, part].map((p) => p.trim()).filter(Boolean)
}

/** Named things that a file keeps at its root: messages, signals, errors, escalations. */
export function rootsOf(definitions: Moddle, type: string): Moddle[] {
  return list(definitions, 'rootElements').filter((r) => r.$type === type)
}

/** Refers to the root element whose property has the value; it is made where there is none. */
export function withRoot(context: Context, target: Moddle, reference: string, type: string, property: string, value: string): Change[] {
  if (!value.trim()) return [{ target, properties: { [reference]: undefined } }]
  const known = rootsOf(context.definitions, type).find((r) => r.get(property) === value)
  if (known) return [{ target, properties: { [reference]: known } }]
  const made = context.create(type, { [property]: value, ...(property === 'name' ? {} : { name: value }) })
  made.id = freshId(context.definitions, type)
  made.$parent = context.definitions
  return [
    { target: context.definitions, properties: { rootElements: [...list(context.definitions, 'rootElements'), made] } },
    { target, properties: { [reference]: made } },
  ]
}

function freshId(definitions: Moddle, type: string): string {
  const taken = new Set(list(definitions, 'rootElements').map((r) => r.id))
  const stem = type.replace('bpmn:', '')
  for (let n = 1; ; n++) if (!taken.has(`${stem}_${n}`)) return `${stem}_${n}`
}
