import StreamtopBase

/// Parsers of files below /proc and /sys. What is there may be another's (a container's), so nothing is believed: numbers that
/// are none are left out.
package enum ProcText {
    /// /proc/net/netstat and snmp: pairs of lines, names and values, each pair of one group. "TcpExt.ListenDrops": 3.
    package static func counters(_ text: String) -> [String: UInt64] {
        var counters: [String: UInt64] = [:]
        var names: (group: Substring, names: [Substring])?
        for line in text.split(separator: "\n") {
            var words = line.split(separator: " ")
            guard let head = words.first, head.hasSuffix(":") else {
                names = nil
                continue
            }
            words.removeFirst()
            let group = head.dropLast()
            if let known = names, known.group == group, known.names.count == words.count {
                // A negative value is a level, not a count (Tcp.MaxConn -1).
                for (name, word) in zip(known.names, words) {
                    if let value = UInt64(word) { counters["\(group).\(name)"] = value }
                }
                names = nil
            } else {
                names = (group, words)
            }
        }
        return counters
    }

    /// One processor's line of /proc/net/softnet_stat.
    package struct SoftNet: Equatable, Sendable {
        package var processor: Int
        package var processed: UInt64
        package var dropped: UInt64
        package var squeezed: UInt64
        /// Packets that wait; nil before Linux 5.10.
        package var backlog: Int?
    }

    /// Columns are hexadecimal and grew over the years (net/core/net-procfs.c).
    package static func softNet(_ text: String) -> [SoftNet] {
        var lines: [SoftNet] = []
        for (index, line) in text.split(separator: "\n").enumerated() where lines.count < 4_096 {
            let words = line.split(separator: " ").map { UInt64($0, radix: 16) }
            guard words.count >= 3, let processed = words[0], let dropped = words[1], let squeezed = words[2] else {
                continue
            }
            var entry = SoftNet(processor: index, processed: processed, dropped: dropped, squeezed: squeezed)
            if words.count > 11 { entry.backlog = words[11].flatMap { Int(exactly: $0) } }
            if words.count > 12, let number = words[12].flatMap({ Int(exactly: $0) }) { entry.processor = number }
            lines.append(entry)
        }
        return lines
    }

    /// /proc/net/sockstat: "TCP: inuse 27 orphan 0 tw 0 alloc 30 mem 4" as "TCP.inuse": 27.
    package static func socketStatistics(_ text: String) -> [String: Int] {
        var values: [String: Int] = [:]
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard let head = words.first, head.hasSuffix(":") else { continue }
            for index in stride(from: 1, to: words.count - 1, by: 2) {
                if let value = Int(words[index + 1]) { values["\(head.dropLast()).\(words[index])"] = value }
            }
        }
        return values
    }

    /// /proc/pressure/cpu: share of time, of "some avg10=1.50 …".
    package static func pressure(_ text: String) -> Double? {
        for line in text.split(separator: "\n") where line.hasPrefix("some ") {
            for word in line.split(separator: " ") where word.hasPrefix("avg10=") {
                guard let value = Double(word.dropFirst(6)), value >= 0, value <= 100 else { return nil }
                return value / 100
            }
        }
        return nil
    }

    /// Numbers apart by blanks: sysctls of one and of three numbers.
    package static func numbers(_ text: String) -> [Int] {
        text.split { $0 == " " || $0 == "\t" || $0 == "\n" }.compactMap { Int($0) }
    }

    /// A container's identifier in /proc/PID/cgroup: the last 64 hexadecimal digits in a path, cut to twelve as engines show it.
    package static func container(_ text: String) -> String? {
        for line in text.split(separator: "\n") {
            for part in line.split(whereSeparator: { "/-.:".contains($0) }).reversed()
            where part.utf8.count == 64 && part.allSatisfy(\.isHexDigit) {
                return String(part.prefix(12))
            }
        }
        return nil
    }

    /// Inode of a link "socket:[12345]"; nil for any other.
    package static func socketInode(_ link: Substring) -> UInt32? {
        guard link.hasPrefix("socket:["), link.hasSuffix("]") else { return nil }
        return UInt32(link.dropFirst(8).dropLast())
    }
}
