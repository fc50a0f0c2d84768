import type BpmnViewer from 'bpmn-js/lib/NavigatedViewer'

const plain = new WeakMap<SVGElement, string>() // how bpmn-js has filled it

/** Colours nodes by how much of something there is at each: 0 leaves them as they are, the most is the warmest. */
export function heat(viewer: BpmnViewer | undefined, values: Map<string, number>) {
  if (!viewer) return
  const registry = viewer.get<{ forEach: (each: (element: { id: string; waypoints?: unknown; labelTarget?: unknown }, graphics: SVGElement) => void) => void }>('elementRegistry')
  const most = Math.max(0, ...values.values())
  registry.forEach((element, graphics) => {
    const shape = graphics.querySelector<SVGElement>('.djs-visual > :is(rect, circle, polygon)')
    if (!shape || element.waypoints || element.labelTarget) return
    const value = values.get(element.id) ?? 0
    if (!plain.has(shape)) plain.set(shape, shape.style.getPropertyValue('fill'))
    shape.style.setProperty('fill', plain.get(shape)!)
    if (value > 0 && most > 0) shape.style.setProperty('fill', warm(value / most), 'important')
  })
}

// From a pale yellow to orange: black text stays readable on each of them.
function warm(share: number): string {
  return `hsl(${Math.round(52 - 30 * share)} 95% ${Math.round(90 - 26 * share)}%)`
}
