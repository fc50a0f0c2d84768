import { onScopeDispose, ref, watch, type Ref } from 'vue'

/** The value as it was when it last stood still for so many milliseconds. */
export function useDelayed<T>(source: Ref<T>, milliseconds: number): Ref<T> {
  const delayed = ref(source.value) as Ref<T>
  let timer = 0
  watch(source, (value) => {
    clearTimeout(timer)
    timer = window.setTimeout(() => (delayed.value = value), milliseconds)
  })
  onScopeDispose(() => clearTimeout(timer))
  return delayed
}
