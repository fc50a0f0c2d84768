import { translation } from '../translation'

export interface View {
  type: 'drd' | 'decisionTable' | 'literalExpression' | 'boxedExpression'
  id: string
  name?: string
  element: { id: string; name?: string }
}
export interface Viewer {
  get: <T>(name: string) => T
}
export interface DmnModeler {
  importXML: (xml: string) => Promise<{ warnings: unknown[] }>
  saveXML: (options: { format: boolean }) => Promise<{ xml: string }>
  getViews: () => View[]
  getActiveView: () => View | undefined
  getActiveViewer: () => Viewer | undefined
  open: (view: View) => Promise<unknown>
  on: (event: string, listen: (e: { viewer: Viewer; views: View[]; activeView: View }) => void) => void
  destroy: () => void
}

/** Makes dmn-js in the language that is spoken: an editor, or with `readonly` a viewer. Its code is loaded here. */
export async function createModeler(container: HTMLElement, readonly = false): Promise<DmnModeler> {
  const words = await translation('dmn')
  const code = readonly ? import('dmn-js/lib/NavigatedViewer') : import('dmn-js/lib/Modeler')
  const [{ default: Modeler }] = await Promise.all([
    code,
    import('dmn-js/dist/assets/diagram-js.css'),
    import('dmn-js/dist/assets/dmn-js-shared.css'),
    import('dmn-js/dist/assets/dmn-js-drd.css'),
    import('dmn-js/dist/assets/dmn-js-decision-table.css'),
    import('dmn-js/dist/assets/dmn-js-decision-table-controls.css'),
    import('dmn-js/dist/assets/dmn-js-literal-expression.css'),
    import('dmn-js/dist/assets/dmn-js-boxed-expression.css'),
    import('dmn-js/dist/assets/dmn-js-boxed-expression-controls.css'),
    import('dmn-js/dist/assets/dmn-font/css/dmn.css'),
  ])
  const part = { additionalModules: [{ translate: ['value', words] }] }
  return new Modeler({ container, drd: part, decisionTable: part, literalExpression: part, boxedExpression: part }) as DmnModeler
}
