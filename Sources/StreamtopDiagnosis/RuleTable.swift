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
        var judge: @Sendable (SenderCase) -> Finding?
    }

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
