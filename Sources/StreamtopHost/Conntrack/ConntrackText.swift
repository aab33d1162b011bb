import StreamtopBase

/// Lines of /proc/net/nf_conntrack, for those who may not ask by netlink any more: a file that was opened before goes on
/// answering.
package enum ConntrackText {
    /// The tracked connections whose packets have the ends of a flow in `wanted`, by that flow. Two for one flow (zones) are
    /// none.
    package static func translations(_ text: [UInt8], of wanted: Set<FlowKey>) -> [FlowKey: Translation] {
        var found: [FlowKey: Translation] = [:]
        var doubtful: Set<FlowKey> = []
        let ports = Set(wanted.flatMap { [pair($0.low.port, $0.high.port)] })
        for line in text.split(separator: UInt8(ascii: "\n")) {
            guard let translation = translation(line, ports) else { continue }
            for key in Set([translation.before, translation.after]) where wanted.contains(key) {
                if found[key] != nil { doubtful.insert(key) }
                found[key] = translation
            }
        }
        for key in doubtful { found[key] = nil }
        return found
    }

    /// Ports of a flow as one number, whichever way it goes.
    private static func pair(_ one: UInt16, _ other: UInt16) -> UInt32 {
        UInt32(min(one, other)) << 16 | UInt32(max(one, other))
    }

    /// One line, if either of its directions has such ports.
    private static func translation(_ line: ArraySlice<UInt8>, _ ports: Set<UInt32>) -> Translation? {
        var sources: [ArraySlice<UInt8>] = []
        var destinations: [ArraySlice<UInt8>] = []
        var sourcePorts: [UInt16] = []
        var destinationPorts: [UInt16] = []
        var transport: UInt8?
        for (index, word) in line.split(separator: UInt8(ascii: " ")).enumerated() {
            // "ipv4 2 tcp 6 …"
            if index == 3 {
                guard let number = number(word), number == 6 || number == 17 else { return nil }
                transport = UInt8(number)
            }
            guard let equals = word.firstIndex(of: UInt8(ascii: "=")) else { continue }
            let value = word[(equals + 1)...]
            switch String(decoding: word[..<equals], as: UTF8.self) {
            case "src": sources.append(value)
            case "dst": destinations.append(value)
            case "sport": sourcePorts.append(number(value).flatMap { UInt16(exactly: $0) } ?? 0)
            case "dport":
                destinationPorts.append(number(value).flatMap { UInt16(exactly: $0) } ?? 0)
                if destinationPorts.count == 2, sourcePorts.count == 2,
                    !ports.contains(pair(sourcePorts[0], destinationPorts[0])),
                    !ports.contains(pair(sourcePorts[1], destinationPorts[1]))
                {
                    return nil
                }
            // A zone of its own: the same ends may be there twice.
            case "zone", "zone-orig", "zone-reply": guard number(value) == 0 else { return nil }
            default: break
            }
        }
        guard let transport, sources.count == 2, destinations.count == 2, sourcePorts.count == 2,
            destinationPorts.count == 2
        else { return nil }
        func ends(_ index: Int) -> Translation.Ends? {
            guard let source = IPAddress(text: sources[index]), let destination = IPAddress(text: destinations[index])
            else { return nil }
            return Translation.Ends(
                source: Endpoint(address: source, port: sourcePorts[index]),
                destination: Endpoint(address: destination, port: destinationPorts[index]))
        }
        guard let original = ends(0), let reply = ends(1) else { return nil }
        return Translation(transport: transport, original: original, reply: reply)
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
        guard !digits.isEmpty, digits.count < 10 else { return nil }
        var value = 0
        for digit in digits {
            guard digit >= 48, digit <= 57 else { return nil }
            value = value * 10 + Int(digit - 48)
        }
        return value
    }
}

extension IPAddress {
    /// As the kernel writes it: four numbers, or eight groups of four digits without any left out.
    fileprivate init?(text: ArraySlice<UInt8>) {
        if text.contains(UInt8(ascii: ":")) {
            let groups = text.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
            guard groups.count == 8 else { return nil }
            var bytes: [UInt8] = []
            for group in groups {
                guard let value = UInt16(String(decoding: group, as: UTF8.self), radix: 16) else { return nil }
                bytes += [UInt8(truncatingIfNeeded: value >> 8), UInt8(truncatingIfNeeded: value)]
            }
            self.init(bytes: bytes)
        } else {
            let bytes = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).map {
                UInt8(String(decoding: $0, as: UTF8.self))
            }
            guard bytes.count == 4, !bytes.contains(nil) else { return nil }
            self.init(bytes: bytes.compactMap { $0 })
        }
    }
}
