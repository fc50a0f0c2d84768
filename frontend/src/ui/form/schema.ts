/** A component of a form-js schema, as far as the console looks into it. */
export interface Component {
  id?: string
  type: string
  key?: string
  path?: string
  label?: string
  readonly?: boolean
  disabled?: boolean
  validate?: Record<string, unknown>
  components?: Component[]
  [property: string]: unknown
}

export interface Schema {
  id?: string
  type?: string
  schemaVersion?: number
  components: Component[]
}

/** What may be done with a field: as the API answers it with a form. */
export interface FieldAccess {
  name: string
  visible: boolean
  editable: boolean
  required: boolean
}

/** A field of a model without a form (camunda:formData). */
export interface PlainField {
  id: string
  label?: string
  type?: string
  required?: boolean
  readonly?: boolean
  values?: { id: string; name?: string }[] | null
}

/** What makes form-js draw line items as the list that they are; in a form they have a key alone. */
export const asList = (c: Component) => ({ type: 'dynamiclist', path: c.path ?? c.key, key: undefined, isRepeating: true, allowAddRemove: true, showOutline: true, defaultRepetitions: c.defaultRepetitions ?? 1 })

/** Changes each component of a schema, those inside of others, too. */
export function mapComponents(schema: Schema, change: (c: Component) => Component): Schema {
  const walk = (list: Component[]): Component[] => list.map((c) => change(c.components ? { ...c, components: walk(c.components) } : c))
  return { ...schema, components: walk(schema.components) }
}

/** Adds the rights of fields to a schema: what is hidden is taken out, what cannot be edited becomes readonly. */
export function withAccess(schema: Schema, access: FieldAccess[], readonly = false): Schema {
  const rights = new Map(access.map((a) => [a.name, a]))
  const walk = (components: Component[], prefix: string): Component[] =>
    components.flatMap((c) => {
      const own = c.key ?? c.path ?? ''
      const name = [prefix, own].filter(Boolean).join('.')
      const right = own ? rights.get(name) : undefined
      if (right && !right.visible) return []
      const out: Component = { ...c, id: c.id ?? `field_${name || Math.random().toString(36).slice(2)}` }
      if (c.type === 'lineItems') Object.assign(out, asList(c))
      if (c.components) out.components = walk(c.components, name)
      if (readonly || (right && !right.editable)) out.readonly = true
      if (c.type === 'lineItems' && out.readonly) out.allowAddRemove = false
      if (right?.required && !out.readonly) out.validate = { ...c.validate, required: true }
      return [out]
    })
  return { ...schema, components: walk(schema.components, '') }
}

/** The schema of a form that has keys for each of its fields: what a start or a task without one is given. */
export function schemaOfFields(fields: PlainField[]): Schema {
  const kinds: Record<string, Partial<Component>> = {
    long: { type: 'number', decimalDigits: 0 },
    double: { type: 'number' },
    boolean: { type: 'checkbox' },
    date: { type: 'datetime', subtype: 'date', dateLabel: '' },
    enum: { type: 'select' },
  }
  return {
    type: 'default',
    schemaVersion: 16,
    components: fields.map((f) => {
      const kind = kinds[f.type ?? ''] ?? { type: 'textfield' }
      const c = { ...kind, id: 'field_' + f.id, key: f.id, label: f.label || f.id, readonly: f.readonly, validate: { required: Boolean(f.required) } } as Component
      if (kind.type === 'select') c.values = (f.values ?? []).map((v) => ({ label: v.name || v.id, value: v.id }))
      if (kind.type === 'datetime') c.dateLabel = c.label
      return c
    }),
  }
}

/** What people call the field with a name, or the name. */
export function labelOf(schema: unknown, name: string): string {
  const find = (list: Component[]): string | undefined => {
    for (const c of list) {
      const found = (c.key ?? c.path) === name ? c.label || (c.dateLabel as string | undefined) : find(c.components ?? [])
      if (found) return found
    }
    return undefined
  }
  return find((schema as Schema | undefined)?.components ?? []) ?? name
}

/** The id of the field that a pointer of a problem (`/variables/legs/1/why`) is about, or none. */
export function fieldAt(schema: Schema, pointer: string): string | undefined {
  const path = pointer.replace(/^\/variables\//, '').split('/').filter((part) => !/^\d+$/.test(part)).join('.')
  let found: string | undefined
  const walk = (components: Component[], prefix: string) => {
    for (const c of components) {
      const name = [prefix, c.key ?? c.path ?? ''].filter(Boolean).join('.')
      if (c.key && name === path) found = c.id
      if (c.components) walk(c.components, name)
    }
  }
  walk(schema.components, '')
  return found
}
