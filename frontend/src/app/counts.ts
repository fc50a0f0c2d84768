import { useQuery } from '@tanstack/vue-query'
import { computed } from 'vue'
import { api, data } from '@/api/client'
import { useSession } from './session'

/** The caller's start page: counts and the newest of each list. Navigation, bell and /home share this one answer. */
export function useHome() {
  const session = useSession()
  return useQuery({
    queryKey: ['home'],
    queryFn: ({ signal }) => data(api.GET('/api/v1/home', { signal })),
    enabled: computed(() => session.may('WORKFLOW_TASK')),
  })
}

/** The numbers beside the entries of the navigation. */
export function useCounts() {
  const home = useHome()
  return { data: computed(() => home.data.value?.counts) }
}

/** How many notifications the caller has not read. */
export function useUnread() {
  return useQuery({
    queryKey: ['unread'],
    queryFn: async ({ signal }) => (await data(api.GET('/api/v1/notifications/unread-count', { signal }))).count,
  })
}
