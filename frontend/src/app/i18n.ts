import { createI18n } from 'vue-i18n'
import { speak } from '@/api/client'
import { queries } from './queries'
import type { Language } from './preferences'

type Messages = { [key: string]: string | Messages }
const files = {
  zh: import.meta.glob<{ default: Messages }>('../locales/zh/*.ts'),
  en: import.meta.glob<{ default: Messages }>('../locales/en/*.ts'),
}

/** The same shape with any text: what a file of English has to be, given the Chinese one. */
export type Translation<T> = { [K in keyof T]: T[K] extends string ? string : Translation<T[K]> }

export const i18n = createI18n({
  legacy: false,
  locale: 'zh',
  missingWarn: false,
  fallbackWarn: false,
  messages: { zh: {}, en: {} },
})

const areas = new Set(['app', 'ui'])
const loaded = new Set<string>()

async function load(language: Language, area: string) {
  const name = `../locales/${language}/${area}.ts`
  if (loaded.has(name)) return
  const file = files[language][name]
  if (!file) return
  const messages = (await file()).default
  // A new object: texts that are shown already under their keys are read again.
  i18n.global.setLocaleMessage(language, { ...i18n.global.getLocaleMessage(language), [area]: messages })
  loaded.add(name)
}

/** Loads the texts of an area in the language that is spoken. */
export async function loadArea(area: string) {
  areas.add(area)
  await load(i18n.global.locale.value as Language, area)
}

/** Changes the language of the console and of what the product answers. */
export async function speakLanguage(language: Language) {
  await Promise.all([...areas].map((area) => load(language, area)))
  const changed = i18n.global.locale.value !== language
  i18n.global.locale.value = language
  const tag = language === 'zh' ? 'zh-CN' : 'en'
  document.documentElement.lang = tag
  speak(tag)
  if (changed) void queries.invalidateQueries()
}
