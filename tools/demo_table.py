#!/usr/bin/env python3
"""Prints /usage/me and /usage/limits, one JSON document a line, as two small tables."""
import json
import sys

usage, limits = (json.loads(line) for line in sys.stdin)
rows = [
    ("Files uploaded", usage["total_files_uploaded"]),
    ("Files processed", usage["total_files_processed"]),
    ("Files failed", usage["total_files_failed"]),
    ("Files downloaded", usage["total_files_downloaded"]),
    ("Input", f'{usage["total_input_size_mb"]:.2f} MB'),
    ("Output", f'{usage["total_output_size_mb"]:.2f} MB'),
    ("Processing time", f'{usage["average_processing_time_seconds"]:.2f} s a file'),
    ("Success rate", f'{usage["success_rate_percent"]} %'),
    ("API calls", usage["api_calls_count"]),
]
names = {"files_per_day": "Files today", "storage_mb": "Storage", "processing_minutes": "Processing this month"}
print("\nUsage")
for name, value in rows:
    print(f"  {name:<22}{value:>14}")
print("\nLimits                        used    reserved   remaining       limit")
for key, limit in limits.items():
    print(f'  {names[key]:<22}' + "".join(f'{limit[k]:>10} ' for k in ("used", "reserved", "remaining"))
          + f'{limit["limit"]:>10} {limit["unit"]}')
