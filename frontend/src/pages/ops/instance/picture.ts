import type { Schemas } from '@/api/client'
import type { DiagramBadge } from '@/ui/Diagram.vue'

type Instruction = Schemas['Instruction']
type Mark = 'done' | 'active' | 'failed' | 'added' | 'removed' | 'changed' | 'chosen'

/** How an instance looks on its diagram: where it was, where it is, what has failed, and what a modification would do. */
export function picture(visits: Schemas['Activity'][], incidents: Schemas['Incident'][], pending: Instruction[], chosen: string | null) {
  const marks: Record<string, Mark> = {}
  const tokens = new Map<string, number>()
  const failed = new Map<string, number>()
  for (const v of visits) {
    if (v.flowId) marks[v.flowId] = 'done'
    if (v.leftAt) marks[v.nodeId] ??= 'done'
    else tokens.set(v.nodeId, (tokens.get(v.nodeId) ?? 0) + 1)
  }
  for (const i of incidents) failed.set(i.nodeId, (failed.get(i.nodeId) ?? 0) + 1)
  for (const node of tokens.keys()) marks[node] = 'active'
  for (const node of failed.keys()) marks[node] = 'failed'
  if (chosen) marks[chosen] ??= 'chosen'
  for (const p of pending) {
    const from = p.type === 'move' ? p.fromNodeId : p.type === 'cancel' ? p.nodeId : undefined
    if (from) marks[from] = 'removed'
    if (p.type !== 'cancel' && p.nodeId) marks[p.nodeId] = 'added'
    if (p.flowId) marks[p.flowId] = 'added'
  }
  const badges: DiagramBadge[] = []
  for (const [node, n] of tokens) {
    const bad = failed.get(node)
    badges.push({ node, text: bad ? `${n} !` : String(n), tone: bad ? 'bad' : 'accent' })
  }
  for (const [node, n] of failed) if (!tokens.has(node)) badges.push({ node, text: `${n} !`, tone: 'bad' })
  return { marks, badges }
}
