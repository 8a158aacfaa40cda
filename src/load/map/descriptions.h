/* written by script/make-log-tables from src/logs/tables */
#ifndef LOAD_DESCRIPTIONS_H
#define LOAD_DESCRIPTIONS_H

#define LOG_TABLES		10

#endif							/* LOAD_DESCRIPTIONS_H */
