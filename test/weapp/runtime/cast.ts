import { createComponent, type Definition, live, type Registry } from './component'
import { applyPatch, type Logic, type LogicSetup } from './logic'

/** A component that stands in a screen. */
interface Member {
  logic: Logic
  definition: Definition
  /** The properties last handed in, as JSON. */
  given: string
}

/** The components of one screen, from drawing to drawing. */
export interface Cast {
  /** The component for this place: the one that stood there before, with its properties renewed, or a new one. */
  at(key: string, path: string, properties: Definition): { logic: Logic; definition: Definition }
  /** To be called after each drawing: newcomers are attached, who was not drawn is detached. */
  settle(): void
  close(): void
}

export function createCast(registry: Registry, setup: LogicSetup): Cast {
  const members = new Map<string, Member>()
  let newcomers: Member[] = []
  let drawn = new Set<string>()
  const leave = (key: string, member: Member) => {
    members.delete(key)
    live(member.logic, member.definition, 'detached', setup)
  }
  return {
    at(key, path, properties) {
      drawn.add(key)
      const known = members.get(key)
      if (known) {
        renew(known, properties, setup)
        return known
      }
      const definition = registry.components.get(path)
      if (!definition) throw new Error(`the component ${path} did not register`)
      const logic = createComponent(path, definition, properties, setup)
      const member = { logic, definition, given: JSON.stringify(properties) }
      members.set(key, member)
      newcomers.push(member)
      return member
    },
    settle() {
      const arrived = newcomers
      const seen = drawn
      newcomers = []
      drawn = new Set()
      for (const { logic, definition } of arrived) live(logic, definition, 'attached', setup)
      for (const { logic, definition } of arrived) live(logic, definition, 'ready', setup)
      for (const [key, member] of members) if (!seen.has(key)) leave(key, member)
    },
    close() {
      for (const [key, member] of members) leave(key, member)
    },
  }
}

/** A property that the owner did not change keeps what the component itself set it to. */
function renew(member: Member, properties: Definition, { realm, parse }: LogicSetup): void {
  const given = JSON.stringify(properties)
  if (given === member.given) return
  member.given = given
  const declared = Object.keys((member.definition.properties ?? {}) as object)
  const patch = Object.fromEntries(
    declared.filter((name) => name in properties).map((name) => [name, properties[name]]),
  )
  const json = JSON.stringify(patch)
  applyPatch(member.logic.self.data, realm.value(JSON.parse(json) as Definition))
  applyPatch(member.logic.shown, parse(json) as Definition)
}
