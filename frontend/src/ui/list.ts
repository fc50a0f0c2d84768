/** One page of a list of the API. */
export interface Page<Row> {
  items: Row[]
  nextCursor?: string
  prevCursor?: string
  total?: number
}

/** A column of a list. Its cell is the slot `cell-<key>`, or what value returns, or the field of that name. */
export interface Column<Row> {
  key: string
  label: string
  value?: (row: Row) => unknown
  width?: number
  minWidth?: number
  align?: 'left' | 'right' | 'center'
  /** Not shown until somebody asks for it. */
  hidden?: boolean
  /** Always shown. */
  fixed?: boolean
  clip?: boolean
}
