// Unsafe by nature: this file lends local buffers to ioctl(2). The proof: each outlives the call and is lent with its own
// size, which the C side does not exceed.
import CHost
import Glibc

/// Rings and counters of a network device, as its driver tells (SIOCETHTOOL).
package enum Ethtool {
    package struct Rings: Equatable, Sendable {
        package var receive: Int
        package var receiveMaximum: Int
        package var transmit: Int
        package var transmitMaximum: Int
    }

    /// Pause frames since the driver began to count.
    package struct Pauses: Equatable, Sendable {
        package var received: UInt64?
        package var sent: UInt64?
    }

    /// Names a driver gives to frames that it had no room for; what is merely discarded as unwanted is not among them.
    private static let dropNames = ["miss", "no_buf", "nobuf", "fifo", "out_of_buffer", "rx_drops", "rx_dropped"]
    private static let statisticsCapacity = 4_096

    /// errno as `failure` where the driver has no rings, or may not be asked.
    static func rings(of device: String, _ descriptor: Int32) -> (rings: Rings?, failure: Int32) {
        var sizes = [UInt32](repeating: 0, count: 4)
        guard unsafe streamtop_ethtool_rings(descriptor, device, &sizes) == 0 else { return (nil, errno) }
        let rings = Rings(
            receive: Int(sizes[0]), receiveMaximum: Int(sizes[1]), transmit: Int(sizes[2]),
            transmitMaximum: Int(sizes[3]))
        return rings.receive == 0 && rings.transmit == 0 ? (nil, EOPNOTSUPP) : (rings, 0)
    }

    /// A driver's own counters by name (`ethtool -S`); empty where it has none.
    static func counters(of device: String, _ descriptor: Int32) -> [(name: String, value: UInt64)] {
        var names = [UInt8](repeating: 0, count: statisticsCapacity * 32)
        var values = [UInt64](repeating: 0, count: statisticsCapacity)
        let count = unsafe streamtop_ethtool_statistics(descriptor, device, &names, &values, UInt32(statisticsCapacity))
        guard count > 0 else { return [] }
        let texts = (0..<min(Int(count), statisticsCapacity)).map { index in
            String(decoding: names[(index * 32)..<(index * 32 + 32)].prefix { $0 != 0 }, as: UTF8.self)
        }
        return Array(zip(texts, values)).map { (name: $0.0, value: $0.1) }
    }

    /// Pause frames by the names that drivers give them ("rx_pause", "tx_flow_control_xoff"); those of priorities apart
    /// (IEEE 802.1Qbb) are parts of no sum.
    static func pauses(_ counters: [(name: String, value: UInt64)]) -> Pauses? {
        func sum(_ direction: String) -> UInt64? {
            let found = counters.filter { counter in
                let name = counter.name.lowercased()
                return name.contains(direction) && !name.contains("prio") && !name.contains("duration")
                    && !isOfQueue(name) && (name.contains("pause") || name.contains("flow_control_xoff"))
            }
            return found.isEmpty ? nil : found.map(\.value).max()
        }
        let pauses = Pauses(received: sum("rx"), sent: sum("tx"))
        return pauses.received == nil && pauses.sent == nil ? nil : pauses
    }

    /// Frames that the device had no room for, summed over the driver's counters of such names; nil where it has none. One
    /// for each queue beside their sum would count twice: sums alone where there are any.
    static func drops(_ counters: [(name: String, value: UInt64)]) -> UInt64? {
        let ours = counters.filter { counter in
            let name = counter.name.lowercased()
            return name.contains("rx") && dropNames.contains { name.contains($0) }
        }
        guard !ours.isEmpty else { return nil }
        let sums = ours.filter { !isOfQueue($0.name) }
        return (sums.isEmpty ? ours : sums).reduce(0) { $0 &+ $1.value }
    }

    /// "rx_queue_0_drops", "rx0_missed": a digit that is no part of a size.
    private static func isOfQueue(_ name: String) -> Bool { name.contains { $0.isNumber } }
}
