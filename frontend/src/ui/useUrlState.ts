import { computed, type WritableComputedRef } from 'vue'
import { useRoute, useRouter } from 'vue-router'

/**
 * A value that the address holds, so that a view can be shared and survives a reload. The fallback is left out of it. A type
 * of words is a promise of those who write the address: the server refuses other words.
 */
export function useUrlState<T extends string = string>(name: string, fallback: NoInfer<T>): WritableComputedRef<T> {
  const route = useRoute()
  const router = useRouter()
  return computed({
    get: () => (typeof route.query[name] === 'string' ? (route.query[name] as T) : fallback),
    set: (value) => {
      const query = { ...route.query, [name]: value === fallback || value === '' ? undefined : value }
      void router.replace({ query })
    },
  })
}
