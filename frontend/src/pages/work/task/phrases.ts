import { computed } from 'vue'
import { i18n } from '@/app/i18n'
import { kept } from '@/app/preferences'

const own = kept<string[]>('phrases', [])

/** 常用语: what a person writes again and again. They stay in this browser. */
export function usePhrases() {
  const { t } = i18n.global
  const usual = computed(() => ['agree', 'asDiscussed', 'addDetails', 'overBudget'].map((k) => t(`work.phrases.usual.${k}`)))
  const all = computed(() => [...own.value, ...usual.value])
  function add(text: string) {
    const wanted = text.trim()
    if (wanted && !own.value.includes(wanted)) own.value = [wanted, ...own.value].slice(0, 20)
  }
  const remove = (text: string) => (own.value = own.value.filter((p) => p !== text))
  return { own, all, add, remove }
}
