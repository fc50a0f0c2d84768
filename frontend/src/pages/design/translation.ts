import { i18n } from '@/app/i18n'

type Words = Record<string, string>
export type Tool = 'bpmn' | 'dmn' | 'form'

// Loaded whatever the language is: it may change while an editor is open.
const files: Record<Tool, () => Promise<Words>> = {
  bpmn: async () => {
    const [community, ours] = await Promise.all([import('bpmn-js-i18n/translations/zn.js'), import('./words/bpmn')])
    return { ...community.default, ...ours.words }
  },
  dmn: async () => (await import('./words/dmn')).words,
  form: async () => (await import('./words/form')).words,
}

export type Translate = (template: string, values?: Record<string, unknown>) => string

/** The service `translate` of a tool of bpmn.io: Chinese where Chinese is spoken, and as it is elsewhere. */
export async function translation(tool: Tool): Promise<Translate> {
  const words = await files[tool]()
  return (template, values = {}) => {
    const text = i18n.global.locale.value === 'zh' ? (words[template] ?? template) : template
    return text.replace(/{([^}]+)}/g, (whole, name: string) => String(values[name] ?? whole))
  }
}
