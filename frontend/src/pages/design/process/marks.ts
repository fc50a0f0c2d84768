import type Modeler from 'bpmn-js/lib/Modeler'
import { i18n } from '@/app/i18n'
import { wordsOf } from '../findings'
import type { Canvas, Drawn, Registry } from './modeler'
import type { Problem } from './lint'

interface Overlays {
  remove: (filter: object) => void
  add: (element: Drawn, type: string, overlay: object) => void
}
const marked = new WeakMap<Modeler, [string, string][]>()

/** Puts what is wrong on the elements, and draws the way that leads to the chosen problem. */
export function mark(modeler: Modeler, problems: Problem[], chosen: Problem | null) {
  const canvas = modeler.get<Canvas>('canvas')
  const registry = modeler.get<Registry>('elementRegistry')
  const overlays = modeler.get<Overlays>('overlays')
  for (const [id, marker] of marked.get(modeler) ?? []) if (registry.get(id)) canvas.removeMarker(id, marker)
  overlays.remove({ type: 'problem' })
  const markers = new Map<string, string>()
  for (const p of problems) {
    if (!p.element || !registry.get(p.element)) continue
    if (markers.get(p.element) !== 'problem-error') markers.set(p.element, 'problem-' + p.severity)
  }
  const added: [string, string][] = [...markers]
  for (const [i, id] of (chosen?.path ?? []).entries()) {
    const element = registry.get(id)
    if (!element) continue
    added.push([id, 'problem-path'])
    if (element.type !== 'bpmn:SequenceFlow') overlays.add(element, 'problem', { position: { bottom: 8, left: -8 }, html: badge(String(Math.floor(i / 2) + 1), 'step') })
  }
  for (const [id, marker] of added) canvas.addMarker(id, marker)
  for (const [id, marker] of markers) {
    const own = problems.filter((p) => p.element === id)
    const element = registry.get(id)!
    const at = element.type === 'bpmn:SequenceFlow' ? { top: -10, left: 0 } : { top: -10, right: 10 }
    overlays.add(element, 'problem', { position: at, html: badge('!', marker, own.map((p) => wordsOf(p, i18n.global.locale.value).text).join('\n')) })
  }
  marked.set(modeler, added)
}

function badge(text: string, kind: string, title?: string) {
  const html = document.createElement('span')
  html.className = 'problem-badge ' + kind
  html.textContent = text
  if (title) html.title = title
  return html
}

/** Chooses the element of a problem and brings it into view. */
export function show(modeler: Modeler, problem: Problem) {
  const element = problem.element ? modeler.get<Registry>('elementRegistry').get(problem.element) : undefined
  if (!element) return
  modeler.get<{ select: (e: Drawn) => void }>('selection').select(element)
  if (element.parent) modeler.get<Canvas>('canvas').scrollToElement(element, { top: 80, bottom: 80, left: 120, right: 80 })
}
