import { onScopeDispose, ref, type Ref } from 'vue'

/** Whether the window is narrower than so many pixels. */
export function useNarrow(width: number): Ref<boolean> {
  const query = window.matchMedia(`(max-width: ${width - 0.02}px)`)
  const narrow = ref(query.matches)
  const listen = (e: MediaQueryListEvent) => (narrow.value = e.matches)
  query.addEventListener('change', listen)
  onScopeDispose(() => query.removeEventListener('change', listen))
  return narrow
}
