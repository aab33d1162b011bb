import StreamtopWire

extension DecodedFrame {
    /// Names of the fields in which two decoded frames differ, as far as they belong to the frame: those of another
    /// transport may hold what an earlier frame left.
    package func differences(from other: borrowing DecodedFrame) -> [String] {
        var names: [String] = []
        func compare(_ isEqual: Bool, _ name: String) {
            if !isEqual { names.append(name) }
        }
        compare(hasNetwork == other.hasNetwork, "hasNetwork")
        compare(transport == other.transport, "transport")
        compare(source == other.source, "source")
        compare(destination == other.destination, "destination")
        compare(protocolNumber == other.protocolNumber, "protocolNumber")
        compare(hopLimit == other.hopLimit, "hopLimit")
        compare(ecn == other.ecn, "ecn")
        compare(dscp == other.dscp, "dscp")
        compare(identification == other.identification, "identification")
        compare(dontFragment == other.dontFragment, "dontFragment")
        compare(ipLength == other.ipLength, "ipLength")
        compare(fragment == other.fragment, "fragment")
        compare(sourcePort == other.sourcePort, "sourcePort")
        compare(destinationPort == other.destinationPort, "destinationPort")
        compare(payloadOffset == other.payloadOffset, "payloadOffset")
        compare(payloadCaptured == other.payloadCaptured, "payloadCaptured")
        compare(payloadLength == other.payloadLength, "payloadLength")
        compare(vlan == other.vlan, "vlan")
        compare(tunnel == other.tunnel, "tunnel")
        compare(tunnelIdentifier == other.tunnelIdentifier, "tunnelIdentifier")
        compare(stop == other.stop, "stop")
        if transport == .tcp {
            compare(tcp.withoutStaleBlocks == other.tcp.withoutStaleBlocks, "tcp")
        }
        return names
    }
}

extension TCPHeader {
    /// SACK blocks beyond `sackCount` may hold old ones.
    fileprivate var withoutStaleBlocks: TCPHeader {
        var header = self
        let none = SACKBlock(start: 0, end: 0)
        if options.sackCount < 1 { header.options.sack0 = none }
        if options.sackCount < 2 { header.options.sack1 = none }
        if options.sackCount < 3 { header.options.sack2 = none }
        if options.sackCount < 4 { header.options.sack3 = none }
        return header
    }
}
