import { computed, inject, ref, type ComputedRef, type InjectionKey, type Ref } from 'vue'

/** Counts the changes of the model: its objects are not reactive. */
export const revisionKey: InjectionKey<Ref<number>> = Symbol('revision')

/** What is computed from the model: anew after each change of it. */
export function ofModel<T>(get: () => T): ComputedRef<T> {
  const revision = inject(revisionKey, ref(0))
  return computed(() => {
    void revision.value
    return get()
  })
}
