import { ElMessageBox } from 'element-plus'
import { i18n } from '@/app/i18n'

const t = i18n.global.t

/** Asks whether something is really wanted; false where it is not. */
export async function confirm(question: { title: string; text?: string; action: string; dangerous?: boolean }): Promise<boolean> {
  return ElMessageBox.confirm(question.text ?? '', question.title, {
    confirmButtonText: question.action,
    cancelButtonText: t('ui.cancel'),
    confirmButtonClass: question.dangerous ? 'el-button--danger' : '',
    type: question.dangerous ? 'warning' : undefined,
    autofocus: !question.dangerous,
  }).then(
    () => true,
    () => false,
  )
}

/** Asks for a text; null where the person thinks better of it. */
export async function ask(question: { title: string; text?: string; action: string; value?: string; required?: boolean; multiline?: boolean }): Promise<string | null> {
  return ElMessageBox.prompt(question.text ?? '', question.title, {
    confirmButtonText: question.action,
    cancelButtonText: t('ui.cancel'),
    inputType: question.multiline ? 'textarea' : 'text',
    inputValue: question.value ?? '',
    inputValidator: (v) => !question.required || Boolean(v?.trim()) || t('ui.required'),
  }).then(
    (answer) => (answer as { value?: string }).value ?? '',
    () => null,
  )
}
