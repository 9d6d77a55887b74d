import type { Violation } from '@huiyuan/shared/compliance'
import { Text, View } from '@tarojs/components'
import { aria } from '../../ui/aria'
import { Chip } from '../../ui/blocks'
import { Field } from '../../ui/field'
import { Icon } from '../../ui/icon'

/** What the guard has to say about a field: the rule in words, and where it comes from. */
export const Refused = ({ violations, fields }: { violations: Violation[]; fields: string[] }) => (
  <View>
    {violations
      .filter(({ field }) => fields.includes(field))
      .map(({ rule, field, words, source }) => (
        <View
          key={`${field}-${rule}`}
          id={`refused-${field.replace('.', '-')}-${rule}`}
          className="cp-refused"
          {...aria({ role: 'alert' })}
        >
          <Icon name="warn" size="s" />
          <View className="cp-refused__main">
            <View>{words}</View>
            <View className="hy-caption hy-2">{source}</View>
          </View>
        </View>
      ))}
  </View>
)

export interface LineWish {
  id: string
  label: string
  value: string
  onInput: (value: string) => void
  hint?: string
  /** What is missing; said instead of the hint. */
  problem?: string | undefined
  unit?: string
  number?: boolean
  most?: number
  violations?: Violation[]
  /** The guard's name of this field, where it has one. */
  field?: string
}

/** One line to fill in, what is missing of it, and what the guard says. */
export const Line = ({ id, label, value, onInput, hint, problem, unit, number, most, violations, field }: LineWish) => (
  <View className="cp-line">
    <Field
      id={id}
      label={label}
      value={value}
      onInput={onInput}
      type={number ? 'number' : 'text'}
      maxLength={most ?? 10}
      {...(problem ? { hint: problem, bad: true } : hint ? { hint } : {})}
      {...(unit ? { end: <Text className="cp-unit">{unit}</Text> } : {})}
    />
    {violations && field && <Refused violations={violations} fields={[field]} />}
  </View>
)

interface OneOfWish<T extends string> {
  id: string
  label: string
  options: readonly { value: T; name: string }[]
  on: readonly T[]
  onTap: (value: T) => void
}

/** Some words to choose from: one of them, or as many as are on. */
export const Chips = <T extends string>({ id, label, options, on, onTap }: OneOfWish<T>) => (
  <View className="cp-line">
    <Text className="hy-field__label">{label}</Text>
    <View className="cp-chips">
      {options.map(({ value, name }) => (
        <View key={value} id={`${id}-${value}`} className="cp-chip">
          <Chip on={on.includes(value)} onTap={() => onTap(value)}>
            {name}
          </Chip>
        </View>
      ))}
    </View>
  </View>
)

/** Terms that can be read and not changed. */
export const Facts = ({ facts }: { facts: [string, string][] }) => (
  <View>
    {facts.map(([name, words]) => (
      <View key={name} className="cp-fact">
        <Text className="cp-fact__name">{name}</Text>
        <Text className="cp-fact__words">{words}</Text>
      </View>
    ))}
  </View>
)
