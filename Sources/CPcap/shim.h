#ifndef STREAMTOP_CPCAP_SHIM_H
#define STREAMTOP_CPCAP_SHIM_H
#include <pcap/pcap.h>
#endif
