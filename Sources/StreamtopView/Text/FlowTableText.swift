import StreamtopBase
import StreamtopModel

/// The flow table as plain text, for output that is no terminal: one line a flow, columns as wide as they need to be,
/// nothing but printable characters.
package enum FlowTableText {
    private struct Column: Sendable {
        var title: String
        var isNumber: Bool
        var value: @Sendable (FlowSnapshot) -> String
    }

    /// "Not known".
    private static let unknown = "-"

    private static let columns: [Column] = [
        Column(title: "client", isNumber: false) { "\($0.client.endpoint)" },
        Column(title: "server", isNumber: false) { "\($0.server.endpoint)" },
        Column(title: "what", isNumber: false) { $0.protocols.dropFirst().joined(separator: " ") },
        Column(title: "state", isNumber: false) { $0.state.rawValue },
        Column(title: "s", isNumber: true) { decimals(($0.end - $0.start).seconds, 1) },
        Column(title: "rtt ms", isNumber: true) { milliseconds(roundTrip($0)?.smoothed) },
        Column(title: "min", isNumber: true) { milliseconds(roundTrip($0)?.minimum) },
        Column(title: "queue p95", isNumber: true) { milliseconds(queue($0)) },
        Column(title: "loss %", isNumber: true) { loss($0) },
        Column(title: "up Mb/s", isNumber: true) { rate($0.client.bytes, $0) },
        Column(title: "down Mb/s", isNumber: true) { rate($0.server.bytes, $0) },
        Column(title: "verdict", isNumber: false) { verdict($0) },
    ]

    package static func text(of snapshot: Snapshot) -> String {
        let rows = [columns.map(\.title)] + snapshot.flows.map { flow in columns.map { printable($0.value(flow)) } }
        let widths = columns.indices.map { column in rows.map { TextWidth.columns(of: $0[column]) }.max() ?? 0 }
        let lines = rows.map { row in
            let cells = columns.indices.map { column -> String in
                let gap = String(repeating: " ", count: widths[column] - TextWidth.columns(of: row[column]))
                return columns[column].isNumber ? gap + row[column] : row[column] + gap
            }
            var line = cells.joined(separator: "  ")[...]
            while line.last == " " { line.removeLast() }
            return String(line)
        }
        return (lines + [summary(of: snapshot)]).joined(separator: "\n") + "\n"
    }

    private static func summary(of snapshot: Snapshot) -> String {
        let totals = snapshot.totals
        var parts = ["\(totals.packets) packets", "\(totals.bytes) bytes", "\(totals.flows) flows"]
        if let start = snapshot.start { parts.append("\(decimals((snapshot.time - start).seconds, 1)) s") }
        if snapshot.flows.count < totals.flows { parts.append("\(snapshot.flows.count) shown") }
        let drops = snapshot.health.kernelDrops &+ snapshot.health.interfaceDrops &+ snapshot.health.ownDrops
        if drops > 0 { parts.append("\(drops) dropped") }
        if let problem = snapshot.health.problem { parts.append(printable(problem)) }
        return parts.joined(separator: ", ")
    }

    /// The loop as one end sees it where that was measured, else the longer part of it.
    private static func roundTrip(_ flow: FlowSnapshot) -> RoundTripSnapshot? {
        if let total = flow.roundTrip.total { return total }
        guard let client = flow.roundTrip.client else { return flow.roundTrip.server }
        guard let server = flow.roundTrip.server else { return client }
        return client.smoothed > server.smoothed ? client : server
    }

    private static func queue(_ flow: FlowSnapshot) -> Nanoseconds? {
        let delays = [flow.queueDelay.client?.p95, flow.queueDelay.server?.p95]
        return delays.compactMap(\.self).max()
    }

    private static func loss(_ flow: FlowSnapshot) -> String {
        let ratios = [flow.tcp?.client.lossRatio, flow.tcp?.server.lossRatio]
        return ratios.compactMap(\.self).max().map { decimals($0 * 100, 2) } ?? unknown
    }

    private static func rate(_ bytes: UInt64, _ flow: FlowSnapshot) -> String {
        let seconds = (flow.end - flow.start).seconds
        return seconds > 0 ? decimals(Double(bytes) * 8 / seconds / 1e6, 2) : unknown
    }

    private static func verdict(_ flow: FlowSnapshot) -> String {
        flow.verdicts.min { ($1.severity, $0.priority) < ($0.severity, $1.priority) }?.summary ?? unknown
    }

    private static func milliseconds(_ value: Nanoseconds?) -> String {
        value.map { decimals($0.milliseconds, 1) } ?? unknown
    }

    /// Fixed decimals without a locale.
    private static func decimals(_ value: Double, _ positions: Int) -> String {
        var scale = 1.0
        for _ in 0..<positions { scale *= 10 }
        let scaled = (abs(value) * scale).rounded()
        guard scaled < 1e15 else { return unknown }
        let whole = Int(scaled) / Int(scale)
        let rest = String(Int(scaled) % Int(scale))
        let sign = value < 0 && scaled > 0 ? "-" : ""
        return "\(sign)\(whole).\(String(repeating: "0", count: positions - rest.count))\(rest)"
    }

    /// Control characters from the wire, made visible.
    private static func printable(_ text: String) -> String {
        text.unicodeScalars.map { scalar in
            TextWidth.kind(of: scalar) == .escaped ? TextWidth.escape(of: scalar) : String(scalar)
        }.joined()
    }
}
