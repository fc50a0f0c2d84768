import { shallowRef } from 'vue'
import type { Finding } from './designs'

const rules = shallowRef<Record<string, string>>({})
let asked = false
/** Loads what the rules mean, where Chinese is spoken. */
function load() {
  if (asked) return
  asked = true
  void import('./words/rules').then((file) => (rules.value = file.rules))
}

/** A finding in words: in Chinese what its rule means, and the server's own words behind it. */
export function wordsOf(f: Finding, locale: string): { text: string; more: string } {
  if (locale === 'zh') load()
  const chinese = locale === 'zh' ? (rules.value[f.rule ?? ''] ?? rules.value[f.code ?? '']) : undefined
  if (chinese) return { text: chinese, more: f.detail ?? '' }
  return { text: f.detail ?? f.code ?? '', more: f.fix ?? '' }
}
