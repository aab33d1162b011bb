import StreamtopTestSupport
import Testing

@testable import StreamtopEngine

/// What is judged when more flows are busy than a second has time for.
@Suite struct JudgementClaimTests {
    private let claims = (0..<200).map { number in
        // Many are equally busy.
        JudgementClaim(bytes: UInt64(number * 7919 % 13), ordinal: UInt64(number), position: UInt32(number))
    }

    @Test func theBusiestAreChosenInTheOrderOfFlows() {
        let chosen = JudgementClaim.choose(among: [claims], limit: 20)
        #expect(chosen.count == 1 && chosen[0].count == 20)
        #expect(chosen[0].map(\.ordinal) == chosen[0].map(\.ordinal).sorted())
        let least = chosen[0].map(\.bytes).min() ?? 0
        let left = claims.filter { !chosen[0].contains($0) }
        #expect(left.allSatisfy { $0.bytes <= least })
        // Of those as busy as the last that was chosen, the older ones.
        let tied = chosen[0].filter { $0.bytes == least }.map(\.ordinal).max() ?? 0
        #expect(left.allSatisfy { $0.bytes < least || $0.ordinal > tied })
    }

    @Test(arguments: [1, 2, 3, 5, 64])
    func theSameHoweverFlowsAreDivided(engines: Int) {
        var divided = Array(repeating: [JudgementClaim](), count: engines)
        for claim in claims { divided[Int(claim.ordinal) * 31 % engines].append(claim) }
        for limit in [0, 1, 37, 199, 200, 1000] {
            let one = JudgementClaim.choose(among: [claims], limit: limit)[0]
            let chosen = JudgementClaim.choose(among: divided, limit: limit)
            #expect(chosen.joined().map(\.ordinal).sorted() == one.map(\.ordinal))
            #expect(one.count == min(limit, claims.count))
        }
    }
}
