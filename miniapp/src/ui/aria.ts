/** What a screen reader is told: WeChat and browsers have names of their own for it. */
export interface Told {
  role?: 'button' | 'checkbox' | 'dialog' | 'alert' | 'status' | 'img'
  label?: string | undefined
  checked?: boolean
  hidden?: boolean
  disabled?: boolean
}

/** The attributes of the target this is built for. */
export function aria({ role, label, checked, hidden, disabled }: Told): Record<string, unknown> {
  const web = process.env.TARO_ENV === 'h5'
  return {
    ...(role ? { [web ? 'role' : 'ariaRole']: role } : {}),
    ...(label ? { [web ? 'aria-label' : 'ariaLabel']: label } : {}),
    ...(checked === undefined ? {} : { [web ? 'aria-checked' : 'ariaChecked']: checked }),
    ...(disabled ? { [web ? 'aria-disabled' : 'ariaDisabled']: true } : {}),
    ...(hidden ? { [web ? 'aria-hidden' : 'ariaHidden']: true } : {}),
  }
}
