import StreamtopBase

/// A flow that waits to be judged, as its engine tells it to whoever chooses among the flows of all.
struct JudgementClaim: Comparable, Sendable {
    /// Of the last second.
    var bytes: UInt64
    var ordinal: UInt64
    /// Where the flow stands in its engine.
    var position: UInt32

    /// The busiest first, of those equally busy the one that was opened first.
    static func < (_ left: JudgementClaim, _ right: JudgementClaim) -> Bool {
        left.bytes != right.bytes ? left.bytes > right.bytes : left.ordinal < right.ordinal
    }

    /// Of what the engines claim, each in the order of flows, what is judged: at most `limit`, the same flows however they are
    /// divided among engines. Each engine gets its own, in the order of flows.
    static func choose(among claims: [[JudgementClaim]], limit: Int) -> [[JudgementClaim]] {
        guard claims.reduce(0, { $0 + $1.count }) > limit else { return claims }
        guard limit > 0 else { return claims.map { _ in [] } }
        var ranked = Array(claims.joined())
        ranked.bringSmallestForward(limit)
        let last = ranked[limit - 1]
        return claims.map { $0.filter { $0 <= last } }
    }
}
