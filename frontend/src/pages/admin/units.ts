import { useQuery } from '@tanstack/vue-query'
import { api, data } from '@/api/client'

/** The names of departments, roles and groups by their codes; a code that is not known stands for itself. */
export function useUnitNames() {
  const units = useQuery({ queryKey: ['units'], queryFn: ({ signal }) => data(api.GET('/api/v1/units', { signal })), staleTime: 5 * 60_000 })
  const find = (kind: 'departments' | 'roles' | 'groups') => (code: string) => units.data.value?.[kind].find((u) => u.code === code)?.name ?? code
  return { department: find('departments'), role: find('roles'), group: find('groups') }
}
