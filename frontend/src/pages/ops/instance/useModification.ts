import { computed, ref } from 'vue'
import { i18n } from '@/app/i18n'
import { api, data, type Schemas } from '@/api/client'
import { asProblem, type ProblemError } from '@/api/problem'
import { useChange } from '@/ui/useChange'
import type { InstanceParts } from '../useInstance'

export type Instruction = Schemas['Instruction']

/**
 * The modification of an instance: steps are gathered, the last one can be undone, and all are applied as one step of
 * the instance or none is.
 */
export function useModification(parts: InstanceParts) {
  const t = i18n.global.t
  const on = ref(false)
  const pending = ref<Instruction[]>([])
  const reason = ref('')
  const problem = ref<ProblemError | null>(null)
  /** What is being moved, while its target is chosen on the diagram. */
  const moving = ref<{ node: string; token?: number } | null>(null)
  const tokens = computed(() => (parts.visits.data.value?.items ?? []).filter((v) => !v.leftAt))
  const at = (node: string) => tokens.value.filter((v) => v.nodeId === node)

  function begin() {
    on.value = true
  }
  function end() {
    on.value = false
    pending.value = []
    reason.value = ''
    problem.value = null
    moving.value = null
  }
  function push(instruction: Instruction) {
    problem.value = null
    pending.value = [...pending.value, instruction]
  }
  const undo = () => {
    problem.value = null
    pending.value = pending.value.slice(0, -1)
  }
  const drop = (index: number) => {
    problem.value = null
    pending.value = pending.value.filter((_, i) => i !== index)
  }
  const add = (node: string) => push({ type: 'startBefore', nodeId: node })
  const cancel = (node: string, token?: number) => push({ type: 'cancel', nodeId: node, token })
  const move = (node: string, token?: number) => (moving.value = { node, token })
  /** Ends a move at a node; false where it goes nowhere. */
  function target(node: string): boolean {
    const from = moving.value
    if (!from) return false
    moving.value = null
    if (from.node === node) return false
    push({ type: 'move', fromNodeId: from.node, token: from.token, nodeId: node })
    return true
  }
  function give(index: number, variables: Record<string, unknown> | undefined) {
    pending.value = pending.value.map((p, i) => (i === index ? ({ ...p, variables } as Instruction) : p))
  }
  const body = computed(() => ({ instructions: pending.value, reason: reason.value || undefined }))
  const apply = useChange({
    run: () => data(api.POST('/api/v1/instances/{id}/modify', { params: { path: { id: parts.id.value } }, body: body.value })),
    touches: ['instance', 'instances', 'incidents', 'tasks'],
    done: () => t('ops.modify.done', { n: pending.value.length }),
    then: end,
    failed: (thrown) => {
      problem.value = asProblem(thrown)
      return problem.value.status < 500 && problem.value.status > 0
    },
  })
  return { on, pending, reason, problem, moving, tokens, at, begin, end, undo, drop, add, cancel, move, target, give, body, apply }
}

export type ModificationMode = ReturnType<typeof useModification>
