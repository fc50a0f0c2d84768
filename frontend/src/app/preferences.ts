import { defineStore } from 'pinia'
import { computed, ref, watch } from 'vue'

export type Theme = 'light' | 'dark' | 'auto'
export type Language = 'zh' | 'en'

function stored<T>(name: string, fallback: T): T {
  try {
    const text = localStorage.getItem('diom.' + name)
    return text === null ? fallback : (JSON.parse(text) as T)
  } catch {
    return fallback
  }
}

function store(name: string, value: unknown) {
  try {
    localStorage.setItem('diom.' + name, JSON.stringify(value))
  } catch {
    // A browser that keeps nothing shows the defaults next time.
  }
}

/** A value that this browser keeps. */
export function kept<T>(name: string, fallback: T) {
  const value = ref(stored(name, fallback))
  watch(value, (v) => store(name, v), { deep: true })
  return value
}

const system = window.matchMedia('(prefers-color-scheme: dark)')

/** How a person wants to see the console, on this device. */
export const usePreferences = defineStore('preferences', () => {
  const language = kept<Language>('language', navigator.language.toLowerCase().startsWith('zh') ? 'zh' : 'en')
  const theme = kept<Theme>('theme', 'auto')
  const timeZone = kept('timeZone', '')
  const narrowNavigation = kept('narrowNavigation', false)
  const systemDark = ref(system.matches)
  system.addEventListener('change', (e) => (systemDark.value = e.matches))
  const dark = computed(() => theme.value === 'dark' || (theme.value === 'auto' && systemDark.value))
  const zone = computed(() => timeZone.value || Intl.DateTimeFormat().resolvedOptions().timeZone)
  watch(dark, (on) => document.documentElement.classList.toggle('dark', on), { immediate: true })
  return { language, theme, timeZone, zone, narrowNavigation, dark }
})
