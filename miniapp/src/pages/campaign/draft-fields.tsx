import type { Violation } from '@huiyuan/shared/compliance'
import { View } from '@tarojs/components'
import { WritingField } from '../../ui/writing-field'
import type { Draft } from './draft'
import { Facts, Line, type LineWish, Refused } from './form-parts'

export type Step = 'copy' | 'terms' | 'limits' | 'history'

export interface FormWish<D> {
  step: Step
  draft: D
  put: (part: Partial<D>) => void
  violations: Violation[]
  problems: Record<string, string>
  /** It has begun: what was promised can be read, not changed. */
  locked: boolean
}

interface TypedWish<K extends string> extends Omit<LineWish, 'value' | 'onInput' | 'violations'> {
  form: Pick<FormWish<Record<NoInfer<K>, string>>, 'draft' | 'put' | 'violations' | 'problems'>
  /** What it is called in the draft. */
  name: K
}

/** A line of the draft, with what is missing of it unless something else is to be said. */
export const Typed = <K extends string>({ form, name, ...line }: TypedWish<K>) => (
  <Line
    value={form.draft[name]}
    onInput={(value) => form.put({ [name]: value } as Partial<Record<K, string>>)}
    problem={form.problems[name]}
    violations={form.violations}
    {...line}
  />
)

interface CopyWish {
  form: FormWish<Draft>
  label: string
  /** Letters. */
  most: number
  placeholder: string
}

/** The name, and what members read. */
export const Copy = ({ form, ...writing }: CopyWish) => {
  const { draft, put, violations, problems } = form
  return (
    <>
      <Typed
        form={form}
        id="title"
        name="title"
        label="名字"
        most={40}
        problem={draft.title ? problems.title : undefined}
        field="title"
      />
      <WritingField id="words" value={draft.words} onInput={(words) => put({ words })} {...writing} />
      <Refused violations={violations} fields={['words']} />
    </>
  )
}

export const Points = ({ form }: { form: FormWish<Draft> }) => (
  <Typed
    form={form}
    id="points"
    name="points"
    label="谢多少"
    number
    unit="积分"
    problem={form.draft.points ? form.problems.points : undefined}
  />
)

export const Budget = ({ form }: { form: FormWish<Draft> }) => (
  <Typed
    form={form}
    id="budget"
    name="budget"
    label="一共准备"
    number
    unit="积分"
    hint={form.locked ? '开始以后只能加' : '发完为止'}
    field="budgetPoints"
  />
)

/** From which day to which; without a last day where it may be `endless`. */
export const Days = ({ form, endless }: { form: FormWish<Draft>; endless?: boolean }) => (
  <View>
    {form.locked ? (
      <Facts facts={[['开始', form.draft.startsOn]]} />
    ) : (
      <Typed form={form} id="starts-on" name="startsOn" label="从哪天开始" hint="这一天零点；已经过了就是现在" />
    )}
    <Typed
      form={form}
      id="ends-on"
      name="endsOn"
      label="到哪天为止"
      hint={endless ? '算上这一天；不定就空着' : '算上这一天'}
      field="endsAt"
    />
  </View>
)

const LOCKED = '已经开始，答应过的不能再改。要换一种谢法，可以停止它，另建一个。'

export const Locked = ({ facts }: { facts: [string, string][] }) => (
  <View id="locked">
    <View className="hy-caption hy-2 cp-locked">{LOCKED}</View>
    <Facts facts={facts} />
  </View>
)
