import { type Holder, type KeptApart, type Proof, proofsFor, type Resolution, resolveIdentity } from './identity'
import { DEMO_POLICY } from './policy'

/** All members of a brand as the rule sees them: what the verbs do with an answer, without a database. */
export class World {
  members: Holder[] = []
  #made = 0

  constructor(readonly keptApart: KeptApart = () => false) {}

  /** Somebody proves this now; `me` is the member who is signed in. Gives whose sign-in it is and every answer on the way. */
  prove(proofs: Proof[], at: Date, me?: Holder): { owner: Holder | undefined; found: Resolution[] } {
    const found: Resolution[] = []
    let self = me
    for (;;) {
      const holders = this.members.filter((one) => proofs.some((proof) => holds(one, proof)))
      const next = resolveIdentity(proofs, holders, at, DEMO_POLICY, self, this.keptApart)
      found.push(next)
      if (next.kind === 'refuse') return { owner: self, found }
      if (next.kind !== 'merge') {
        const owner = this.#member('memberId' in next ? next.memberId : null, at)
        this.#attach(owner, proofsFor(next, proofs, holders), at)
        return { owner, found }
      }
      const survivor = this.#merge(next.survivorId, next.otherId, at)
      if (self) self = survivor
    }
  }

  holderOf = (proof: Proof): Holder | undefined => this.members.find((one) => holds(one, proof))

  /** Who holds what, without names: a sorted list per member. */
  shape = (): string[] => this.members.map(({ identities }) => identities.map(keyOf).sort().join(' ')).sort()

  #member(memberId: string | null, at: Date): Holder {
    const known = this.members.find((one) => one.memberId === memberId)
    if (known) return known
    const made: Holder = { memberId: `m${this.#made++}`, identities: [], lastActiveAt: at, joinedAt: at }
    this.members.push(made)
    return made
  }

  #attach(owner: Holder, proofs: Proof[], at: Date): void {
    for (const proof of proofs) {
      for (const one of this.members)
        one.identities = one.identities.filter(
          (own) => keyOf(own) !== keyOf(proof) && !(one === owner && proof.kind === 'phone' && own.kind === 'phone'),
        )
      owner.identities.push({ ...proof, provenAt: at })
    }
    owner.lastActiveAt = at
  }

  #merge(survivorId: string, otherId: string, at: Date): Holder {
    const [survivor, other] = [survivorId, otherId].map((id) => this.members.find((one) => one.memberId === id))
    if (!survivor || !other || survivor === other) throw new Error('a merge needs two members')
    const all = [...survivor.identities, ...other.identities]
    const newest = Math.max(...all.filter(({ kind }) => kind === 'phone').map(({ provenAt }) => provenAt.getTime()))
    survivor.identities = all.filter(({ kind, provenAt }) => kind !== 'phone' || provenAt.getTime() === newest)
    survivor.lastActiveAt = at
    this.members = this.members.filter((one) => one !== other)
    return survivor
  }
}

export const keyOf = ({ kind, issuer, subject }: Proof) => `${kind}/${issuer}/${subject}`
const holds = (holder: Holder, proof: Proof) => holder.identities.some((own) => keyOf(own) === keyOf(proof))
