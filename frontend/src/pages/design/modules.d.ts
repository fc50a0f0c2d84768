declare module 'bpmn-moddle' {
  export class BpmnModdle {
    constructor(packages?: Record<string, unknown>)
    fromXML(xml: string): Promise<{ rootElement: unknown; warnings: unknown[] }>
    toXML(element: unknown, options?: { format?: boolean }): Promise<{ xml: string }>
    create(type: string, attributes?: Record<string, unknown>): unknown
  }
}
declare module 'bpmn-js-differ' {
  export function diff(before: unknown, after: unknown): Record<'_added' | '_removed' | '_changed' | '_layoutChanged', Record<string, unknown>>
}
declare module 'bpmn-js-i18n/translations/zn.js' {
  const words: Record<string, string>
  export default words
}
declare module 'dmn-js/lib/Modeler' {
  const Modeler: new (options: object) => unknown
  export default Modeler
}
declare module 'dmn-js/lib/NavigatedViewer' {
  const Viewer: new (options: object) => unknown
  export default Viewer
}
declare module 'diagram-js-minimap' {
  const minimap: object
  export default minimap
}
