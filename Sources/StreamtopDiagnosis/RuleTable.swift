import StreamtopModel

/// All rules, in the order of their numbers. A room that adds a layer adds its file of rules and one line here.
package enum RuleTable {
    package static let rules: [Rule] =
        (PathRules.rules
        + RecoveryRules.rules
        + EndpointRules.rules
        + PeerRules.rules
        + ConnectivityRules.rules
        + ConnectionRules.rules
        + HandshakeRules.rules
        + LatencyRules.rules
        + CaptureRules.rules
        + HostRules.rules
        + HostRules.flowRules
        + MediaRules.rules
        + DataChannelRules.rules
        + CallRules.rules
        + HTTPRules.rules
        + PlayerRules.rules
        + DeliveryRules.rules
        + MediaFlowRules.rules
        + MediaPathRules.rules
        + RelayRules.rules)
        .sorted { $0.number < $1.number }

    /// A rule's judge, apart from what it says in words: a rule is large, and most are not asked most of the time.
    struct FlowQuestion: Sendable {
        var position: Int
        var needs: Rule.Needs
        var judge: @Sendable (FlowSnapshot) -> Finding?
    }

    /// The same of an end that sends. Not one generic type of both: each call would go by way of another function.
    struct SenderQuestion: Sendable {
        var position: Int
        var needs: Rule.Needs
        var judge: @Sendable (borrowing SenderCase) -> Finding?
    }

    /// Which questions of a list there is no need to ask, by what is missing: a word has a bit for each, in their order.
    ///
    /// A class, for it is a quarter of a kilobyte and looked up for each end of each flow.
    final class Askable: Sendable {
        /// By the bits of `Rule.Needs`: the questions that need it.
        private let needing: InlineArray<32, UInt64>
        /// Bits that some question needs.
        private let needed: UInt32
        private let all: UInt64

        init(_ needs: [Rule.Needs]) {
            precondition(needs.count <= UInt64.bitWidth, "more questions than a word has bits")
            all = needs.count == UInt64.bitWidth ? .max : 1 << UInt64(needs.count) - 1
            var needing = InlineArray<32, UInt64>(repeating: 0)
            var needed: UInt32 = 0
            for (question, needs) in needs.enumerated() {
                needed |= needs.rawValue
                for bit in needing.indices where needs.rawValue >> bit & 1 != 0 { needing[bit] |= 1 << question }
            }
            self.needing = needing
            self.needed = needed
        }

        /// The questions behind `last` all of whose needs are among `facts`, or simply all.
        func questions(with facts: Rule.Needs, orAll isAllAsked: Bool, behind last: Int = -1) -> UInt64 {
            var asked = all & .max << UInt64(last + 1)
            if isAllAsked { return asked }
            var missing = needed & ~facts.rawValue
            while missing != 0 {  // loses a bit each pass
                asked &= ~needing[missing.trailingZeroBitCount]
                missing &= missing &- 1
            }
            return asked
        }
    }

    static let askableOfFlows = Askable(ofFlows.map(\.needs))
    static let askableOfSenders = Askable(ofSenders.map(\.needs))

    static let ofFlows: [FlowQuestion] = rules.enumerated().compactMap { position, rule in
        guard case .flow(let judge) = rule.judge else { return nil }
        return FlowQuestion(position: position, needs: rule.needs, judge: judge)
    }
    static let ofSenders: [SenderQuestion] = rules.enumerated().compactMap { position, rule in
        guard case .sender(let judge) = rule.judge else { return nil }
        return SenderQuestion(position: position, needs: rule.needs, judge: judge)
    }
    /// Places in `rules`.
    static let ofCaptures = positions { if case .capture = $0.judge { true } else { false } }

    /// The place of the rule with this number; nil where there is none.
    static func position(ofNumber number: Int) -> Int? {
        positionsByNumber.indices.contains(number) ? positionsByNumber[number] : nil
    }

    private static let positionsByNumber: [Int?] = {
        var positions = [Int?](repeating: nil, count: (rules.last?.number ?? 0) + 1)
        for position in rules.indices where rules[position].number >= 0 { positions[rules[position].number] = position }
        return positions
    }()

    private static func positions(where isSuch: (Rule) -> Bool) -> [Int] { rules.indices.filter { isSuch(rules[$0]) } }
}
