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

    // Places in `rules`, by what is judged: a rule is large, and most are not asked most of the time.

    static let ofFlows = positions { if case .flow = $0.judge { true } else { false } }
    static let ofSenders = positions { if case .sender = $0.judge { true } else { false } }
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
