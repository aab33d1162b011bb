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
}
