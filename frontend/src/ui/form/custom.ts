import { VueQueryPlugin } from '@tanstack/vue-query'
import { DynamicList, LocalExpressionContext } from '@bpmn-io/form-js-viewer'
import { h as node, type ComponentType, type Context } from 'preact'
import { useContext, useEffect, useRef } from 'preact/hooks'
import { createApp, h, reactive, type Component } from 'vue'
import { i18n } from '@/app/i18n'
import { queries } from '@/app/queries'
import FieldFiles from './FieldFiles.vue'
import FieldMoney from './FieldMoney.vue'
import FieldPeople from './FieldPeople.vue'
import FieldSignature from './FieldSignature.vue'
import { capital, sumOf } from './money'

/** What form-js gives to the component of a field. */
interface FieldProps {
  field: { id: string; key: string; label?: string; description?: string; validate?: { required?: boolean }; [property: string]: unknown }
  value: unknown
  errors?: string[]
  disabled?: boolean
  readonly?: boolean
  domId: string
  onChange: (change: { value: unknown }) => void
}

/** A field of form-js, which is drawn by preact, around a component of the console. */
function field(type: string, component: Component, more: (f: FieldProps['field']) => Record<string, unknown>, emptyValue: unknown = null) {
  function Field(props: FieldProps) {
    const room = useRef<HTMLDivElement>(null)
    const given = useRef<Record<string, unknown> | undefined>(undefined)
    const wanted = () => ({
      id: props.domId,
      value: props.value,
      locked: Boolean(props.disabled || props.readonly),
      label: props.field.label,
      ...more(props.field),
      onChange: (value: unknown) => props.onChange({ value }),
    })
    given.current ??= reactive(wanted())
    useEffect(() => {
      const app = createApp({ render: () => h(component, given.current!) })
      app.use(i18n).use(VueQueryPlugin, { queryClient: queries })
      app.config.globalProperties.$t = i18n.global.t
      app.mount(room.current!)
      return () => app.unmount()
    }, [])
    useEffect(() => {
      Object.assign(given.current!, wanted())
    })
    const errors = props.errors ?? []
    return node('div', { class: `fjs-form-field fjs-form-field-${type}${errors.length ? ' fjs-has-errors' : ''}` }, [
      node('label', { class: 'fjs-form-field-label', for: props.domId }, props.field.label, props.field.validate?.required ? node('span', { class: 'fjs-asterix', 'aria-hidden': true }, '*') : null),
      node('div', { ref: room }),
      props.field.description ? node('div', { class: 'fjs-form-field-description' }, props.field.description) : null,
      errors.length ? node('div', { class: 'fjs-form-field-error', role: 'alert' }, node('ul', {}, errors.map((e) => node('li', {}, e)))) : null,
    ])
  }
  Field.config = {
    type,
    keyed: true,
    name: type,
    group: 'basic-input',
    emptyValue,
    sanitizeValue: ({ value }: { value: unknown }) => value ?? emptyValue,
    create: (options = {}) => ({ ...options }),
  }
  return Field
}

interface Lines {
  field: { id: string; path?: string; totals?: { key: string; sum: string; label?: string }[]; [property: string]: unknown }
}
const List = DynamicList as unknown as ComponentType<Lines> & { config: object }
const data = LocalExpressionContext as unknown as Context<{ data?: Record<string, unknown> }>

/** A list of form-js; line items, which have totals, with the sums of their columns below, which the server adds up anew. */
function LineItems(props: Lines) {
  const { data: values } = useContext(data)
  const found = (props.field.path ?? '').split('.').reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], values)
  const lines = Array.isArray(found) ? (found as Record<string, unknown>[]) : []
  const total = (t: { key: string; sum: string; label?: string }) => {
    const sum = sumOf(lines.map((line) => line?.[t.sum]))
    return node('p', { key: t.key, class: 'line-total' }, [node('span', {}, t.label || t.key), node('strong', {}, `¥ ${sum}`), node('span', { class: 'soft', lang: 'zh-CN' }, capital(sum))])
  }
  return node('div', { class: 'line-items' }, [node(List, props), node('div', { 'aria-live': 'polite' }, (props.field.totals ?? []).map(total))])
}
LineItems.config = List.config

const several = (f: FieldProps['field']) => Boolean(f.multiple)
const fields = [
  field('money', FieldMoney, (f) => ({ decimalDigits: (f.decimalDigits as number | undefined) ?? 2 })),
  field('people', FieldPeople, (f) => ({ kind: 'people', multiple: several(f) })),
  field('department', FieldPeople, (f) => ({ kind: 'department', multiple: several(f) })),
  field('attachments', FieldFiles, () => ({ many: true })),
  field('signature', FieldSignature, () => ({})),
  field('filepicker', FieldFiles, (f) => ({ many: several(f), accept: f.accept as string | undefined })),
]

function ProductFields(registry: { register: (type: string, field: unknown) => void }) {
  for (const f of fields) registry.register(f.config.type, f)
  registry.register('dynamiclist', LineItems)
}
ProductFields.$inject = ['formFields']

/** The product's own types of fields (docs/forms.md), as a module of form-js. */
export const customFields = { __init__: ['productFields'], productFields: ['type', ProductFields] }
