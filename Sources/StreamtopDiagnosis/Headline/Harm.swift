import StreamtopBase
import StreamtopModel

/// What a verdict costs the people behind its flow: the share of their time or data that is lost, times the bytes that
/// it concerns. Only good for comparing one with another.
enum Harm {
    /// Rules of the connection's beginning: paid once, however much is sent afterwards.
    private static let paidOnce: Set<String> = [
        "syn_loss", "slow_handshake", "amplification_stall", "slow_server_answer", "quic_blocked", "early_data_replay",
        "certificate_expiry", "weak_security", "small_initial_window",
    ]
    /// Bytes of a handshake, for rules that are paid once.
    private static let handshakeBytes = 6_000.0

    static func cost(of verdict: Verdict, bytes: UInt64) -> Double {
        let all = Double(max(bytes, 1))
        return lostShare(verdict) * (paidOnce.contains(verdict.rule) ? min(all, handshakeBytes) : all)
    }

    /// From 0 to 1. A delay of 100 ms counts as half of everything (CoDel's interval, RFC 8289, is what a queue may
    /// stand at most); a loss of one packet in twenty as all (the health score's far end).
    static func lostShare(_ verdict: Verdict) -> Double {
        var share = 0.0
        for evidence in verdict.evidence where evidence.value.isFinite && evidence.value > 0 {
            let value = evidence.value
            if isDelay(evidence.name) {
                share = max(share, value / (value + 100))
            } else if evidence.name == "loss_ratio" {
                share = max(share, min(1, value * 20))
            } else if evidence.name.hasSuffix("_ratio") {
                share = max(share, min(1, value))
            }
        }
        // A rule without such a figure: by its weight alone.
        return share > 0 ? share : verdict.severity == .critical ? 0.5 : 0.1
    }

    /// Evidence in milliseconds that somebody waits.
    private static func isDelay(_ name: String) -> Bool {
        name.hasSuffix("_ms") && !name.hasPrefix("base") && !name.hasPrefix("rtt") && !name.hasPrefix("round_trip")
    }
}
