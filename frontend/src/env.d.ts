/// <reference types="vite/client" />
declare module 'bpmn-js/lib/NavigatedViewer' {
  import Viewer from 'bpmn-js/lib/Viewer'
  export default Viewer
}
declare module 'flatpickr/dist/l10n/zh.js' {
  export const Mandarin: { weekdays: never; months: never }
}
declare module '*.css'
