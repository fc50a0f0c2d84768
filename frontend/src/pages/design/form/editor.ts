import type { FormEditor } from '@bpmn-io/form-js-editor'
import { asList, mapComponents, type Schema } from '@/ui/form/schema'
import { translation } from '../translation'
import { icons } from './icons'

declare global {
  // The literals of the editor ask this one, see scripts/form-editor-words.ts.
  var __fjs: ((text: string) => string) | undefined
}

interface Config {
  type: string
  create?: (options: object) => object
  [property: string]: unknown
}
interface FieldType {
  (props: unknown): unknown
  config: Config
}
interface FormFields {
  get: (type: string) => FieldType
  register: (type: string, field: FieldType) => void
}

/** The product's own types of fields, by the type of form-js that they look like while they are designed. */
const own: Record<string, { alike: string; name: string }> = {
  people: { alike: 'select', name: 'People' },
  department: { alike: 'select', name: 'Department' },
  money: { alike: 'textfield', name: 'Money' },
  attachments: { alike: 'filepicker', name: 'Attachments' },
  signature: { alike: 'filepicker', name: 'Signature' },
  lineItems: { alike: 'dynamiclist', name: 'Line items' },
}

/** A form as the editor takes it: line items are lists there, which have a path, and totals, by which they are known. */
export const toEditor = (schema: Schema): Schema => mapComponents(schema, (c) => (c.type === 'lineItems' ? { ...c, ...asList(c), totals: c.totals ?? [] } : c))

/** A form as it is kept. */
export const fromEditor = (schema: Schema): Schema =>
  mapComponents(schema, (c) => {
    if (c.type !== 'dynamiclist' || !Array.isArray(c.totals)) return c
    const { path, isRepeating: _, allowAddRemove: __, showOutline: ___, ...kept } = c
    return { ...kept, type: 'lineItems', key: path }
  })

const lines = (list: FieldType) => ({ ...list.config.create?.({}), totals: [] })

function ProductTypes(this: unknown, formFields: FormFields) {
  for (const [type, { alike, name: english }] of Object.entries(own)) {
    const like = formFields.get(alike)
    if (!like) continue
    const name = globalThis.__fjs?.(english) ?? english
    const field = ((props: unknown) => like(props)) as FieldType
    field.config = { ...like.config, type, name, label: name, icon: icons[type], group: 'basic-input', create: (options: object = {}) => ({ ...(type === 'lineItems' ? lines(like) : {}), label: name, ...options, ...(type === 'lineItems' ? { type: alike } : {}) }) }
    formFields.register(type, field)
  }
}
ProductTypes.$inject = ['formFields']

/** Makes the editor of forms, in the language that is spoken. Its code is loaded here. */
export async function createEditor(container: HTMLElement): Promise<FormEditor> {
  const words = await translation('form')
  globalThis.__fjs = (text) => words(text)
  const [{ FormEditor: Editor }] = await Promise.all([
    import('@bpmn-io/form-js-editor'),
    import('form-js-viewer-v1/dist/assets/form-js-base.css'),
    import('@bpmn-io/form-js-editor/dist/assets/form-js-editor-base.css'),
    import('@bpmn-io/form-js-editor/dist/assets/properties-panel.css'),
  ])
  return new Editor({ container, additionalModules: [{ __init__: ['productTypes'], productTypes: ['type', ProductTypes] }] } as never)
}
