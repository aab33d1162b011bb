import StreamtopBase

/// libpcap numbers link types (DLT) as files do, but for a few old ones.
extension LinkType {
    private static let different: [(inLibpcap: Int32, inFiles: UInt32)] = [(11, 100), (12, 101), (15, 102), (16, 103)]

    init(libpcap number: Int32) {
        let other = Self.different.first { $0.inLibpcap == number }?.inFiles
        self.init(rawValue: other ?? UInt32(truncatingIfNeeded: number))
    }

    var libpcapNumber: Int32 {
        Self.different.first { $0.inFiles == rawValue }?.inLibpcap ?? Int32(truncatingIfNeeded: rawValue)
    }
}
